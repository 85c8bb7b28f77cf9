// Sets the colour scheme before the first paint; a file of its own, as the policy forbids inline scripts.
(function () {
  var kept = null;
  try {
    kept = localStorage.getItem("mantine-color-scheme-value");
  } catch (error) {
    // Storage may be blocked: then the system's scheme counts.
  }
  var isDark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", isDark ? "dark" : "light");
})();
