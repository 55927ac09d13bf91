/* Our payment page: the provider's card fields in our colours, one payment however often the button is pressed. */
"use strict";

const form = document.querySelector("form[data-pay]");
const button = form.querySelector("[data-button]");
const alertBox = form.querySelector("[data-refusal]");
const label = button.textContent;
const dark = matchMedia("(prefers-color-scheme: dark)");

const say = (words) => {
  form.querySelector("[data-words]").textContent = words;
  alertBox.hidden = !words;
};

const busy = (is) => {
  button.disabled = is;
  button.setAttribute("aria-busy", String(is));
  button.textContent = is ? form.dataset.busy : label;
};

/* The fields are another site's frame: our tokens reach it as plain values only. */
const appearance = () => {
  const styles = getComputedStyle(document.documentElement);
  const token = (name) => styles.getPropertyValue(`--${name}`).trim();
  return {
    theme: dark.matches ? "night" : "stripe",
    variables: {
      colorPrimary: token("green-text"),
      colorBackground: token("card"),
      colorText: token("ink"),
      colorTextSecondary: token("ink-soft"),
      colorDanger: token("bad"),
      fontFamily: token("sans"),
      borderRadius: "8px",
      spacingUnit: "4px",
    },
    rules: { ".Input": { borderColor: token("line-strong"), boxShadow: "none" } },
  };
};

/* Going on keeps the devices reserved; when that is not possible any more, the server leads elsewhere. */
const isReserved = async () => {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!answer.ok) throw new Error(String(answer.status));
  return new URL(answer.url).pathname === new URL(form.action).pathname;
};
const forGood = new Promise(() => {});

const start = () => {
  const stripe = Stripe(form.dataset.key, { locale: document.documentElement.lang.slice(0, 2) });
  const elements = stripe.elements({ clientSecret: form.dataset.secret, appearance: appearance() });
  const fields = elements.create("payment", { layout: "tabs" });
  fields.on("ready", () => { button.hidden = false; });
  fields.on("loaderror", () => say(form.dataset.unloaded));
  fields.mount(form.querySelector("[data-fields]"));
  dark.addEventListener("change", () => elements.update({ appearance: appearance() }));

  const pay = async () => {
    if (!(await isReserved())) {
      form.submit();
      return forGood;
    }
    const { error } = await stripe.confirmPayment({
      elements,
      redirect: "if_required",
      confirmParams: { return_url: new URL(form.dataset.done, location).href },
    });
    if (error) return say(error.message);
    location.assign(form.dataset.done);
    return forGood;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say("");
    busy(true);
    try {
      await pay();
    } catch {
      say(form.dataset.unsent);
    }
    busy(false);
    if (!alertBox.hidden) alertBox.scrollIntoView({ block: "nearest" });
  });
};

if (typeof Stripe === "function") start();
else say(form.dataset.unloaded);
