/*
 * The script of the page of a fleet: it sorts and filters the table, and opens
 * and closes the details.  Without it all of the page is there and open.
 *
 * Text is only ever read, or set as text: it is that of guests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

function startPage() {
    'use strict';

    const byId = (id) => document.getElementById(id);
    const table = byId('table');
    const body = table.tBodies[0];
    const filter = byId('filter');
    const shown = byId('shown');
    /* Like numbers sort as numbers: web9 before web10. */
    const collator = new Intl.Collator('en', {numeric: true});

    /* A guest: its row, its details, and what a filter looks for. */
    const guests = Array.from(body.rows, (row) => {
        const link = row.querySelector('a');

        return {
            row: row,
            details: byId(link.hash.slice(1)),
            outcome: row.dataset.outcome,
            windows: row.dataset.windows,
            text: null,
        };
    });

    /* -------------------------------------------------------- sorting */

    function cellText(guest, column) {
        return guest.row.cells[column].textContent;
    }

    function sortBy(column, descending) {
        const sign = descending ? -1 : 1;
        const rows = document.createDocumentFragment();

        guests.sort((a, b) => sign * collator.compare(cellText(a, column),
                                                      cellText(b, column)));
        guests.forEach((guest) => rows.append(guest.row));
        body.append(rows);
    }

    function onSort(head) {
        const heads = Array.from(head.parentElement.cells);
        const descending = head.getAttribute('aria-sort') === 'ascending';

        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort',
                          descending ? 'descending' : 'ascending');
        sortBy(heads.indexOf(head), descending);
    }

    function addSortButton(head) {
        const button = document.createElement('button');

        button.type = 'button';
        button.textContent = head.textContent;
        head.replaceChildren(button);
        button.addEventListener('click', () => onSort(head));
    }

    /* ------------------------------------------------------ filtering */

    /* All that is said of a guest. */
    function textOf(guest) {
        if (guest.text === null) {
            guest.text = (guest.row.textContent + '\n' +
                          guest.details.textContent).toLowerCase();
        }
        return guest.text;
    }

    function applyFilter() {
        const words = byId('text').value.toLowerCase().split(/\s+/);
        const outcome = byId('outcome').value;
        const windows = byId('windows').value;
        let count = 0;

        guests.forEach((guest) => {
            const fits = (outcome === '' || outcome === guest.outcome) &&
                         (windows === '' || windows === guest.windows) &&
                         words.every((word) => word === '' ||
                                     textOf(guest).includes(word));

            guest.row.hidden = !fits;
            guest.details.hidden = !fits;
            count += fits;
        });
        shown.textContent = `${count} of ${guests.length} guests are shown`;
    }

    function showAll() {
        byId('text').value = '';
        byId('outcome').value = '';
        byId('windows').value = '';
        applyFilter();
    }

    /* A pause in typing is waited for, so that one count is read out. */
    let waiting = 0;

    function onFilter() {
        clearTimeout(waiting);
        waiting = setTimeout(applyFilter, 150);
    }

    /* -------------------------------------------------------- details */

    function openAll(open) {
        guests.forEach((guest) => {
            guest.details.open = open && !guest.details.hidden;
        });
    }

    /* What a link leads to is shown, whatever the filter says. */
    function openTarget() {
        const target = location.hash && byId(location.hash.slice(1));

        if (!target || !target.matches('details')) {
            return;
        }
        if (target.hidden) {
            showAll();
        }
        target.open = true;
        target.querySelector('summary').focus({preventScroll: true});
        target.scrollIntoView();
    }

    /* Also if the link was followed before, and its target closed since. */
    function onClick(event) {
        if (event.target.closest('a')) {
            setTimeout(openTarget, 0);
        }
    }

    /* All that is shown goes to paper; what was open stays open after it. */
    let wasOpen = null;

    function beforePrint() {
        wasOpen = guests.map((guest) => guest.details.open);
        openAll(true);
    }

    function afterPrint() {
        guests.forEach((guest, i) => {
            guest.details.open = wasOpen[i];
        });
    }

    function addCopyButton(settings) {
        const button = document.createElement('button');

        button.type = 'button';
        button.className = 'copy';
        button.textContent = 'Copy these settings';
        button.addEventListener('click', () => {
            navigator.clipboard.writeText(settings.textContent).then(
                () => { button.textContent = 'Copied'; },
                () => { getSelection().selectAllChildren(settings); });
        });
        settings.before(button);
    }

    /* ---------------------------------------------------------- begin */

    Array.from(table.tHead.rows[0].cells).forEach(addSortButton);
    if (navigator.clipboard) {
        document.querySelectorAll('pre').forEach(addCopyButton);
    }
    openAll(false);
    filter.hidden = false;
    filter.addEventListener('input', onFilter);
    byId('all').addEventListener('click', showAll);
    byId('open-all').addEventListener('click', () => openAll(true));
    byId('close-all').addEventListener('click', () => openAll(false));
    addEventListener('click', onClick);
    addEventListener('hashchange', openTarget);
    addEventListener('beforeprint', beforePrint);
    addEventListener('afterprint', afterPrint);
    applyFilter();
    openTarget();
}

/*
 * A browser shows a page while it comes.  To lay out the details of thousands
 * of guests takes it a minute, and they are going to be closed: until then they
 * are not shown, and whatever happens they are after that.
 */
document.documentElement.classList.add('starting');
addEventListener('DOMContentLoaded', () => {
    try {
        startPage();
    } finally {
        document.documentElement.classList.remove('starting');
    }
});
