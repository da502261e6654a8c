/* live/live.js - the live page: what has changed is asked for and put in place of what was shown */
'use strict';
(function () {
  const link = document.getElementById('link');
  const form = document.getElementById('filter');
  const slow = location.pathname !== '/'; /* one account is read from its state: not each second */
  let address = location.pathname + location.search;
  let busy = false, again = false, ended = false, last = 0;

  function tell(text, lost) {
    if (link.textContent !== text) {
      link.textContent = text;
      link.classList.toggle('lost', lost);
    }
  }

  /* The old part goes, the new one comes; what had the focus has it again. */
  function replace(part, fresh) {
    const active = part.contains(document.activeElement) ? document.activeElement.id : '';
    part.replaceWith(document.importNode(fresh, true));
    const again = active ? document.getElementById(active) : null;
    if (again) {
      again.focus({preventScroll: true});
    }
  }

  async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    try {
      const answer = await fetch(address, {cache: 'no-store', credentials: 'same-origin'});
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        for (const part of document.querySelectorAll('[data-live]')) {
          const fresh = page.getElementById(part.id);
          if (fresh && !fresh.isEqualNode(part)) {
            replace(part, fresh);
          }
        }
        last = Date.now();
      }
    } catch (error) {
      if (!ended) {
        tell('The connection is lost. Trying again.', true);
      }
    }
    busy = false;
    if (again) {
      refresh();
    }
  }

  const events = new EventSource('/events');
  events.onopen = function () {
    tell('Live', false);
  };
  events.onmessage = function () {
    tell('Live', false);
    if (!slow || Date.now() - last > 5000) {
      refresh();
    }
  };
  events.addEventListener('end', function () {
    ended = true;
    events.close();
    tell('The run has ended.', false);
    refresh();
  });
  events.onerror = function () {
    if (ended) {
      return;
    }
    tell('The connection is lost. Trying again.', true);
    if (events.readyState === EventSource.CLOSED) { /* the browser gave up: a fresh page begins again */
      setTimeout(function () { location.reload(); }, 5000);
    }
  };

  if (form) {
    let timer = 0;
    const look = function () {
      const words = new URLSearchParams();
      for (const [name, value] of new FormData(form)) {
        if (value !== '' && !(name === 'order' && value === 'state')) {
          words.set(name, value);
        }
      }
      const query = words.toString();
      address = '/' + (query ? '?' + query : '');
      history.replaceState(null, '', address);
      refresh();
    };
    form.addEventListener('input', function () {
      clearTimeout(timer);
      timer = setTimeout(look, 200);
    });
    form.addEventListener('submit', function (event) {
      event.preventDefault();
      clearTimeout(timer);
      look();
    });
  }
}());
