// What keeps people from using the page: whoever listens to it, uses the keyboard alone, or a thumb (WCAG 2.2 A and AA).
const faults = [];
const all = selector => [...document.querySelectorAll(selector)];
const fault = (is, text) => is && faults.push(text);
const is_named = control => control.labels?.length || control.ariaLabel || control.textContent.trim();

fault(document.documentElement.lang !== 'en', 'the language is not named');
fault(!/. · Connix$/.test(document.title), `the title is ${document.title}`);
for (const selector of ['main', 'h1']) fault(all(selector).length !== 1, `${all(selector).length} of ${selector}`);
for (const element of all('[id]')) fault(all(`#${element.id}`).length > 1, `${element.id} is there twice`);
for (const element of all('script, style, [style]')) fault(true, `${element.tagName} runs or styles by itself`);
for (const element of all('[tabindex]')) fault(true, `${element.tagName} is out of the order`);

const controls = all('input:not([type=hidden]), button, a');
for (const control of controls) {
  const name = is_named(control) && (control.ariaLabel || control.id || control.textContent.trim());
  fault(!name, `${control.outerHTML} has no name`);
  const { width, height } = control.getBoundingClientRect();
  fault(control.tagName !== 'A' && Math.min(width, height) < 24, `${name} is ${width} by ${height}`);
  fault(control.ariaLabel && !control.ariaLabel.startsWith(control.textContent.trim()), `${name} is not called what it shows`);
  for (const id of (control.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean))
    fault(!document.getElementById(id), `${name} is described by ${id}, which is not there`);
}

// What went wrong is said where the person is put to mend it, and in the title, which is read out first.
const alert = document.querySelector('form') && document.querySelector('[role=alert]');
if (alert) {
  const described = document.activeElement.getAttribute('aria-describedby') ?? '';
  fault(!described.split(' ').includes(alert.id), 'the field with the focus does not tell what went wrong');
  fault(!document.title.startsWith('Error: '), 'the title does not tell that something went wrong');
}
return faults;
