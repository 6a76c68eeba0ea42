/* Triggers: functions of the task that are called when something happens to an element. */

const CLICK_ON_THE_WHOLE = ["checkbox", "radio"];

/* `form` is the form that they act on, `functions` what custom_triggers.js exports. */
export class Triggers {
  constructor(form, functions, report) {
    this.form = form;
    this.functions = functions;
    this.report = report;
  }

  run(spec, event, value = null) {
    const call = (spec.triggers || {})[event];
    if (!call) return;
    const [name, given] = Array.isArray(call) ? call : [call];
    const rest = given === undefined ? [] : [given].flat();
    try {
      const run = this.functions[name];
      if (typeof run !== "function") throw new Error(`There is no trigger ${name}.`);
      const update = (field, newValue) => this.form.update(field, newValue);
      run(this.form.values(), update, spec, value, this.form.specs(), ...rest);
    } catch (error) {
      this.report(error);
    }
  }

  watchField(field) {
    const { spec, control } = field;
    const listen = (target, type, event) =>
      target.addEventListener(type, () => this.run(spec, event, field.value));
    const isTyped = ["INPUT", "TEXTAREA"].includes(control.element.tagName);
    listen(control.element, isTyped ? "input" : "change", "onChange");
    listen(control.element, "focusin", "onFocus");
    listen(control.element, "focusout", "onBlur");
    listen(CLICK_ON_THE_WHOLE.includes(spec.type) ? field.element : control.element, "click", "onClick");
  }

  watchClick(target, spec) {
    target.addEventListener("click", () => this.run(spec, "onClick"));
  }
}
