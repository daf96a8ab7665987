// Every text of the page, with the contrast ratio (WCAG 2.2) of its colour to what is behind it.
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
const says = element =>
  element.matches('input:not([type=hidden])') || [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
return [...document.querySelectorAll('body, body *')].filter(says).map(element => {
  const [one, other] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  return { text: element.textContent.trim() || element.id, ratio };
});
