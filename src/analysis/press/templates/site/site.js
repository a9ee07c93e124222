// Finds reports in the list that stands on the page; without it the list is all there is.
"use strict";
(() => {
  const form = document.getElementById("find");
  const [query, province, prefecture, county, year] =
    ["query", "province", "prefecture", "county", "year"].map((id) => document.getElementById(id));
  const found = document.getElementById("found");
  const none = document.getElementById("none");
  const sections = [...document.querySelectorAll("section.place")].map((node) => ({
    node,
    province: [node.dataset.province, node.dataset.provinceName],
    prefecture: [node.dataset.prefecture, node.dataset.prefectureName],
    rows: [...node.querySelectorAll("tr[data-find]")].map((row) => ({
      node: row,
      find: row.dataset.find,
      code: row.dataset.code,
      year: row.dataset.year,
      name: row.querySelector(".name").textContent,
    })),
  }));
  const total = sections.reduce((sum, section) => sum + section.rows.length, 0);

  const fold = (text) => text.normalize("NFKD").toLowerCase().replace(/[\s\u0300-\u036f]/g, "");

  // Replaces all choices of a list but the first, "all"; nothing to choose from closes it.
  const offer = (select, pairs) => {
    const before = select.value;
    const choices = new Map(pairs);
    select.length = 1;
    for (const [value, name] of choices) select.add(new Option(name, value));
    select.value = choices.has(before) ? before : "";
    select.disabled = choices.size === 0;
  };

  const chosen = (section) =>
    (!province.value || section.province[0] === province.value) &&
    (!prefecture.value || section.prefecture[0] === prefecture.value);

  const refresh = () => {
    offer(prefecture, sections
      .filter((section) => !province.value || section.province[0] === province.value)
      .map((section) => section.prefecture));
    const few = province.value || prefecture.value || sections.length === 1;
    offer(county, few ? sections.filter(chosen).flatMap((section) =>
      section.rows.map((row) => [row.code, row.name])) : []);
    const terms = query.value.split(/\s+/u).map(fold).filter(Boolean);
    let shown = 0;
    for (const section of sections) {
      let here = 0;
      const open = chosen(section);
      for (const row of section.rows) {
        const match = open &&
          (!county.value || row.code === county.value) &&
          (!year.value || row.year === year.value) &&
          terms.every((term) => row.find.includes(term));
        row.node.hidden = !match;
        here += match;
      }
      section.node.hidden = here === 0;
      shown += here;
    }
    none.hidden = shown > 0;
    found.textContent = form.dataset.found.replace("{n}", shown).replace("{all}", total);
  };

  offer(province, sections.map((section) => section.province).filter(([code]) => code));
  form.addEventListener("input", refresh);
  form.addEventListener("reset", () => setTimeout(refresh));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  refresh();
})();
