// Every text of the page, and the edge of every field and button, with the contrast ratio (WCAG 2.2) of its colour to what is behind it.
const channels = colour => colour.match(/[\d.]+/g).map(Number);
const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = colour => {
  const [red, green, blue] = channels(colour).map(linear);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = element => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if (channels(colour)[3] !== 0) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const ratio = (one, other) => {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};
const says = element =>
  element.matches('input:not([type=hidden])') || [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
const seen = [...document.querySelectorAll('body, body *')];
const name = element => element.textContent.trim() || element.id;
const texts = seen.filter(says).map(element => ({
  what: name(element), ratio: ratio(getComputedStyle(element).color, behind(element)), least: 4.5, // 1.4.3
}));
const edges = seen.filter(element => element.matches('input:not([type=hidden]), button')).map(element => ({
  what: `edge of ${name(element)}`, ratio: ratio(getComputedStyle(element).borderTopColor, behind(element.parentElement)), least: 3, // 1.4.11
}));
return [...texts, ...edges];
