// Light or dark: as the system has it, or as was chosen here. No module, so that it runs before anything is drawn.

(() => {
  const KEY = "genrec-theme";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem(KEY); } catch { /* a browser that keeps nothing */ }

  const show = () => {
    const now = chosen ?? (dark.matches ? "dark" : "light");
    root.dataset.theme = now;
    document.getElementById("theme")?.setAttribute("aria-pressed", String(now === "dark"));
  };

  show();
  dark.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", () => {
      chosen = root.dataset.theme === "dark" ? "light" : "dark";
      try { localStorage.setItem(KEY, chosen); } catch { /* it holds until the page is left */ }
      show();
    });
  });
})();
