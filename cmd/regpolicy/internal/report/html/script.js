"use strict";
(function () {
  var form = document.getElementById("filter"), table = document.getElementById("rows");
  var data = JSON.parse(document.getElementById("data").textContent), words = data.words;
  var spoken = document.getElementById("spoken");
  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (_, key) { return values[key]; });
  }
  function digits(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); }
  function each(list, work) { Array.prototype.forEach.call(list, work); }
  function element(name, text) {
    var made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  // Commands can be copied.
  each(document.querySelectorAll(".command"), function (box) {
    var button = element("button", words.copy);
    button.type = "button";
    button.addEventListener("click", function () {
      var code = box.querySelector("code");
      function told() { button.textContent = spoken.textContent = words.copied; }
      function byHand() {
        getSelection().selectAllChildren(code);
        if (document.execCommand("copy")) { told(); }
      }
      if (navigator.clipboard) { navigator.clipboard.writeText(code.textContent).then(told, byHand); } else { byHand(); }
    });
    box.appendChild(button);
  });

  // Paper shows all; afterwards the page is as it was.
  var opened = [];
  addEventListener("beforeprint", function () {
    each(document.querySelectorAll("details:not([open])"), function (d) { d.open = true; opened.push(d); });
  });
  addEventListener("afterprint", function () {
    opened.forEach(function (d) { d.open = false; });
    opened = [];
  });
  if (!table) { return; }

  // Subjects are kept packed until somebody wants them.
  var subjects = null, lowered = null;
  function unpack() {
    if (subjects) { return; }
    var last = "";
    subjects = data.subjects === "" ? [] : data.subjects.split("\n").map(function (line) {
      last = last.slice(0, parseInt(line.slice(0, 2), 36)) + line.slice(2);
      return last;
    });
    lowered = subjects.map(function (s) { return s.toLowerCase(); });
  }
  function walk(list, work) {
    for (var i = 0; i < list.length; i += 2) {
      for (var j = 0; j < list[i + 1]; j++) { if (work(list[i] + j) === false) { return; } }
    }
  }

  var page = 200;
  each(table.querySelectorAll(".rest"), function (p) {
    var kept = Number(p.dataset.kept), at = Number(p.dataset.shown), total = at + kept;
    if (!kept) { return; }
    var list = p.previousElementSibling, button = element("button", "");
    button.type = "button";
    function name() { button.textContent = fill(words["show more"], { n: digits(Math.min(page, total - at)) }) + (total - at > page ? " / " + digits(total - at) : ""); }
    button.addEventListener("click", function () {
      unpack();
      var seen = 0, end = Math.min(at + page, total), first = null, part = document.createDocumentFragment();
      walk(data.lists[Number(p.dataset.list)], function (i) {
        if (seen >= end) { return false; }
        if (seen++ >= at) {
          var item = element("li", subjects[i]);
          item.className = "more";
          first = first || item;
          part.appendChild(item);
        }
      });
      list.appendChild(part);
      at = end;
      if (at >= total) {
        p.remove();
        if (first) { first.tabIndex = -1; first.focus(); }
      } else { name(); }
    });
    p.textContent = "";
    p.appendChild(button);
    name();
  });

  // Rows.
  var body = table.tBodies[0];
  var rows = Array.prototype.map.call(body.rows, function (tr, i) {
    return {
      tr: tr, at: i, text: tr.textContent.toLowerCase(), verdict: tr.dataset.verdict, severity: tr.dataset.severity, area: tr.dataset.area,
      hits: tr.querySelector(".hits"), hit: false,
      lists: Array.prototype.map.call(tr.querySelectorAll(".rest"), function (p) { return data.lists[Number(p.dataset.list)]; }),
      keys: { verdict: Number(tr.dataset.rank), severity: -Number(tr.dataset.grade), policy: tr.dataset.policy, subjects: -Number(tr.dataset.count) }
    };
  });
  var text = document.getElementById("f-text"), severity = document.getElementById("f-severity"), area = document.getElementById("f-area");
  var boxes = form.querySelectorAll("[name=verdict]"), shown = document.getElementById("shown"), none = document.getElementById("none");

  // A row matches by its own text or by one of all its subjects.
  function matching(query) {
    unpack();
    var before = new Uint32Array(lowered.length + 1);
    for (var i = 0; i < lowered.length; i++) { before[i + 1] = before[i] + (lowered[i].indexOf(query) >= 0 ? 1 : 0); }
    return before;
  }
  function found(row, before) {
    var count = 0, names = [];
    row.lists.forEach(function (list) {
      for (var i = 0; i < list.length; i += 2) {
        var from = list[i], to = from + list[i + 1], n = before[to] - before[from];
        count += n;
        for (var j = from; n > 0 && names.length < 3 && j < to; j++) { if (before[j + 1] > before[j]) { names.push(subjects[j]); } }
      }
    });
    return { n: count, names: names };
  }
  function filter() {
    var query = text.value.trim().toLowerCase(), before = query ? matching(query) : null, wanted = {}, count = 0;
    each(boxes, function (box) { wanted[box.value] = box.checked; });
    rows.forEach(function (row) {
      var on = wanted[row.verdict] && (!severity.value || row.severity === severity.value) && (!area.value || row.area === area.value), hit = null;
      if (on && query) {
        hit = found(row, before);
        on = hit.n > 0 || row.text.indexOf(query) >= 0;
      }
      row.tr.classList.toggle("off", !on);
      if (hit && hit.n) {
        row.hits.textContent = fill(words.matches, { n: digits(hit.n), names: hit.names.join(", ") + (hit.n > hit.names.length ? " …" : "") });
        row.hits.hidden = false;
      } else { row.hits.hidden = true; }
      if (on) { count++; }
    });
    shown.textContent = fill(words["rows shown"], { n: digits(count), all: digits(rows.length) });
    none.hidden = count > 0;
  }
  var timer = 0;
  text.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(filter, 80); });
  form.addEventListener("change", filter);
  form.addEventListener("submit", function (e) { e.preventDefault(); filter(); });
  form.addEventListener("reset", function () { setTimeout(function () { first(); filter(); }, 0); });
  function first() {
    if (form.dataset.unsettled !== "true") { return; }
    each(boxes, function (box) { box.checked = box.value !== "pass" && box.value !== "skip"; });
  }

  var opener = document.getElementById("f-open");
  opener.addEventListener("click", function () {
    var open = opener.getAttribute("aria-expanded") !== "true";
    opener.setAttribute("aria-expanded", String(open));
    opener.textContent = words[open ? "collapse all" : "expand all"];
    each(table.querySelectorAll("tr:not(.off) details"), function (d) { d.open = open; });
  });

  // Headings sort.
  each(table.querySelectorAll("th[data-key]"), function (th) {
    var button = element("button", th.textContent);
    button.type = "button";
    th.textContent = "";
    th.appendChild(button);
    th.setAttribute("aria-sort", "none");
    button.addEventListener("click", function () {
      var up = th.getAttribute("aria-sort") !== "ascending", key = th.dataset.key;
      each(table.querySelectorAll("th[data-key]"), function (other) { other.setAttribute("aria-sort", "none"); });
      th.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort(function (a, b) {
        var x = a.keys[key], y = b.keys[key];
        return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1) || a.at - b.at;
      });
      var all = document.createDocumentFragment();
      rows.forEach(function (row) { all.appendChild(row.tr); });
      body.appendChild(all);
    });
  });

  first();
  filter();
  form.hidden = false;
})();
