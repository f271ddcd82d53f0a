const CONFIG = {responsive: true, displayModeBar: false};
const dark = window.matchMedia("(prefers-color-scheme: dark)");
// On touch screens, dragging over a chart scrolls the page.
const isTouched = window.matchMedia("(pointer: coarse)").matches;

// Plotly draws colors into the chart, so charts are repainted when the color scheme changes.
const paint = (layout) => {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue("--" + name).trim();
  layout.font.color = of("ink");
  layout.hoverlabel.bgcolor = of("ground");
  layout.hoverlabel.font.color = of("ink");
  for (const name of Object.keys(layout).filter((name) => /^[xy]axis/.test(name))) {
    const axis = layout[name];
    axis.gridcolor = of("grid");
    axis.zerolinecolor = axis.linecolor = axis.tickcolor = of("faint");
  }
};

const chosenIn = (part) => part.querySelector(".choice select")?.value;

// A trace is hidden by the section's selection, or by a click on its name.
const selectTraces = (figure, data) => {
  const chosen = chosenIn(figure.closest(".part"));
  data.forEach((trace, number) => {
    const button = figure.querySelector(`button[data-trace="${number}"]`);
    const isOff = button?.getAttribute("aria-pressed") === "false";
    const isChosen = chosen === undefined || !trace.meta || trace.meta === chosen;
    trace.visible = isChosen && !isOff;
  });
};

const draw = (figure) => {
  const plot = figure.querySelector(".plot");
  // A hidden plot has no size yet.
  if (!plot.offsetParent) return;
  const isFirst = !plot.data;
  const {data, layout} = isFirst ? JSON.parse(figure.querySelector("script").textContent) : plot;
  selectTraces(figure, data);
  paint(layout);
  if (isTouched) layout.dragmode = false;
  Plotly.react(plot, data, layout, CONFIG);
  if (isFirst && "linked" in figure.dataset) {
    plot.on("plotly_relayout", (change) => follow(figure, change));
  }
};

const drawAll = (part) => part.querySelectorAll("figure.chart").forEach(draw);

// Zooming one chart also zooms the section's other charts over time.
const follow = (figure, change) => {
  const isReset = "xaxis.autorange" in change;
  const range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  if (!isReset && range.includes(undefined)) return;
  for (const other of figure.closest(".part").querySelectorAll("figure.chart[data-linked]")) {
    const plot = other.querySelector(".plot");
    if (other === figure || !plot.data || (isReset && plot.layout.xaxis.autorange)) continue;
    // Other keys than those of a user's zoom, so that this change is not followed again.
    Plotly.relayout(plot, isReset ? {"xaxis.autorange": true} : {"xaxis.range": range});
  }
};

const choose = (part) => {
  const chosen = chosenIn(part);
  if (chosen === undefined) return;
  for (const element of part.querySelectorAll("[data-choice]")) {
    element.hidden = element.dataset.choice !== chosen;
  }
  drawAll(part);
};

const parts = document.querySelectorAll(".part");
for (const part of parts) {
  choose(part);
  drawAll(part);
  part.addEventListener("toggle", () => drawAll(part));
  part.querySelector(".choice select")?.addEventListener("change", () => choose(part));
}
for (const button of document.querySelectorAll(".legend button")) {
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") === "false");
    draw(button.closest("figure"));
  });
}
for (const link of document.querySelectorAll("nav a")) {
  link.addEventListener("click", () => {
    const part = document.querySelector(link.getAttribute("href"));
    if (part.tagName === "DETAILS") part.open = true;
  });
}
dark.addEventListener("change", () => parts.forEach(drawAll));
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
  parts.forEach(drawAll);
});

// A shadow at the right says that a table goes on there; a phone shows no scrollbar.
const markCut = (box) => {
  const scroll = box.querySelector(".scroll");
  const left = scroll.scrollWidth - scroll.clientWidth - scroll.scrollLeft;
  box.toggleAttribute("data-more", left > 1);
};
const sizes = new ResizeObserver((seen) => seen.forEach((one) => markCut(one.target)));
for (const box of document.querySelectorAll(".box")) {
  box.querySelector(".scroll").addEventListener("scroll", () => markCut(box));
  sizes.observe(box);
}
