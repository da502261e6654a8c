/*
 * report/report.js - the findings of a verification, a page at a time, sorted and filtered
 *
 * It writes text nodes only, never markup: so names and subjects stay text. Without it the first findings are in the
 * page already.
 */
"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const kinds = data.kinds, accounts = data.accounts, rows = data.findings;
  const PAGE = 100;
  const $ = function (id) { return document.getElementById(id); };
  const collator = new Intl.Collator(undefined, { numeric: true });
  /* A row: kind, account, folder, uid, target uid, date, size, message-id, subject, remark. */
  const folderName = function (r) {
    const f = accounts[r[1]].folders[r[2]];
    return f[0] || f[1];
  };
  const columns = [
    {
      label: "Finding", get: function (r) { return kinds[r[0]].words; },
      key: function (r) { return -kinds[r[0]].grade * 100 + r[0]; }
    },
    { label: "Account", get: function (r) { return accounts[r[1]].source; }, wide: true },
    { label: "Folder", get: folderName, wide: true },
    { label: "UID", get: function (r) { return r[3] || ""; }, number: true },
    { label: "Target UID", get: function (r) { return r[4] || ""; }, number: true },
    { label: "Date", get: function (r) { return r[5]; } },
    { label: "Size", get: function (r) { return r[6] || ""; }, number: true },
    { label: "Subject", get: function (r) { return r[8]; }, wide: true },
    { label: "Message-ID", get: function (r) { return r[7]; }, wide: true },
    { label: "Remark", get: function (r) { return r[9]; }, wide: true }
  ];
  const hay = new Array(rows.length);
  const haystack = function (i) {
    if (hay[i] === undefined) {
      hay[i] = columns.map(function (c) { return c.get(rows[i]); }).join("\
").toLowerCase();
    }
    return hay[i];
  };
  let view = [], page = 0, sorted = -1, down = false;

  function filter() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = $("kind").value, account = $("account").value;
    view = [];
    for (let i = 0; i < rows.length; i++) {
      if (kind !== "" && rows[i][0] !== Number(kind)) { continue; }
      if (account !== "" && rows[i][1] !== Number(account)) { continue; }
      if (words.every(function (w) { return haystack(i).includes(w); })) { view.push(i); }
    }
    order();
  }

  function order() {
    const c = columns[sorted];
    if (c) {
      const key = c.key || c.get;
      const numeric = c.number || c.key;
      view.sort(function (a, b) {
        const x = key(rows[a]), y = key(rows[b]);
        const d = numeric ? Number(x) - Number(y) : collator.compare(x, y);
        return (down ? -d : d) || a - b;
      });
    }
    page = 0;
    show();
  }

  function show() {
    const body = $("rows"), part = document.createDocumentFragment();
    const pages = Math.max(1, Math.ceil(view.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    for (const i of view.slice(page * PAGE, (page + 1) * PAGE)) {
      const tr = document.createElement("tr");
      columns.forEach(function (c, n) {
        const td = document.createElement("td");
        td.textContent = String(c.get(rows[i]));
        td.dataset.label = c.label;
        td.className = n === 0 ? "k" + kinds[rows[i][0]].grade : c.number ? "r" : c.wide ? "w" : "";
        tr.append(td);
      });
      part.append(tr);
    }
    body.replaceChildren(part);
    const first = view.length ? page * PAGE + 1 : 0, last = Math.min(view.length, (page + 1) * PAGE);
    $("where").textContent = first.toLocaleString() + " to " + last.toLocaleString() + " of " +
      view.length.toLocaleString() +
      (view.length < rows.length ? " chosen from " + rows.length.toLocaleString() : "") + " findings";
    $("back").disabled = page === 0;
    $("next").disabled = page >= pages - 1;
  }

  function option(select, value, text) {
    const o = document.createElement("option");
    o.value = value;
    o.textContent = text;
    select.append(o);
  }

  const look = $("look");
  if (look) {
    look.addEventListener("change", function () {
      document.querySelectorAll("#accounts tbody tr, details.account").forEach(function (one) {
        one.hidden = look.checked && !one.classList.contains("look");
      });
    });
    $("choice").hidden = false;
  }
  if (!rows.length) { return; }
  const seen = new Map();
  for (const r of rows) { seen.set(r[0], (seen.get(r[0]) || 0) + 1); }
  kinds.forEach(function (k, n) {
    if (seen.has(n)) { option($("kind"), n, k.words + " (" + seen.get(n).toLocaleString() + ")"); }
  });
  accounts.forEach(function (a, n) { option($("account"), n, a.source); });
  $("account").hidden = accounts.length < 2;
  document.querySelectorAll("#table th").forEach(function (th, n) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = th.textContent;
    b.addEventListener("click", function () {
      down = sorted === n && !down;
      sorted = n;
      document.querySelectorAll("#table th").forEach(function (t) { t.removeAttribute("aria-sort"); });
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      order();
    });
    th.replaceChildren(b);
  });
  let wait = 0;
  $("search").addEventListener("input", function () {
    clearTimeout(wait);
    wait = setTimeout(filter, 150);
  });
  $("kind").addEventListener("change", filter);
  $("account").addEventListener("change", filter);
  $("back").addEventListener("click", function () { page--; show(); });
  $("next").addEventListener("click", function () { page++; show(); });
  $("controls").hidden = $("pager").hidden = false;
  $("static").hidden = true;
  filter();
})();
