/* report/certificate_html.c - the certificate as one HTML file, for the screen, for paper, and to be signed */
#include "report/certificate_common.h"
#include "report/embedded.h"
#include "report/page.h"
#include <migrate/format.h>
#include <string.h>

static void add_missing(mig__page *p, const mig_certificate *certificate)
{
    if (certificate->missing_count == 0) {
        return;
    }
    mig__page_add(p, "<h2>What is missing</h2>\n<ul>\n");
    for (size_t i = 0; i < certificate->missing_count; i++) {
        mig__page_add(p, "<li><bdi>");
        mig__page_html(p, certificate->missing[i].subject);
        mig__page_add(p, "</bdi>: ");
        mig__page_html(p, certificate->missing[i].text);
        mig__page_add(p, "</li>\n");
        mig__paper_send(&p->paper);
    }
    mig__page_add(p, "</ul>\n");
}

static void add_domains(mig__page *p, const mig_certificate *certificate)
{
    char at[MIG__ISO_SIZE], since[MIG__ISO_SIZE];
    mig__page_add(p, "<h2>Where the names "
                     "point</h2>\n<table><thead><tr><th>Domain</th><th>Seen</th><th>MX</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < certificate->domain_count; i++) {
        const mig_domain_record *record = &certificate->domains[i];
        mig__page_add(p, "<tr><td><bdi>");
        mig__page_html(p, record->name);
        mig__page_add(p, "</bdi></td><td>");
        if (!record->there) {
            mig__page_add(p, "not looked at after the switch</td><td></td></tr>\n");
            continue;
        }
        mig__buffer_addf(&p->paper.line, "%s, %s%s%s, by way of ", record->settled ? "settled" : "not settled",
                         mig__iso_time(record->at, true, at), record->settled_since != 0 ? ", so since " : "",
                         mig__iso_time(record->settled_since, true, since));
        mig__page_html(p, record->resolver);
        mig__page_add(p, "</td><td><code>");
        for (const char *line = record->mx; *line != '\0';) {
            const size_t length = strcspn(line, "\n");
            mig__buffer_add(&p->text, line, length);
            mig__page_end_html(p);
            mig__page_add(p, line[length] == '\n' ? "<br>" : "");
            line += length + (line[length] == '\n');
        }
        mig__page_add(p, "</code></td></tr>\n");
        mig__paper_send(&p->paper);
    }
    mig__page_add(p, "</tbody></table>\n");
}

static void add_run(mig__page *p, const mig_proof_run *run)
{
    if (run != NULL) {
        mig__certificate_add_run(&p->text, run);
        mig__page_end_html(p);
        if (run->root[0] != '\0') {
            mig__page_add(p, "<br>Merkle root <code>");
            mig__page_html(p, run->root);
            mig__page_add(p, "</code>");
        }
        mig__page_add(p, "<br>");
    }
}

static void add_accounts(mig__page *p, const mig_certificate *certificate)
{
    char octets[MIG_FORMAT_SIZE];
    mig__page_add(p, "<h2>What was proven</h2>\n<table><thead><tr><th>Account</th><th class=\"r\">Messages</th><th "
                     "class=\"r\">Size</th>"
                     "<th>Last copy, last verification</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < certificate->proof_count && !p->paper.refused; i++) {
        const mig_proof *proof = certificate->proofs[i];
        mig__page_add(p, "<tr><td><bdi>");
        mig__page_html(p, proof->source);
        mig__page_add(p, "</bdi> &rarr; <bdi>");
        mig__page_html(p, proof->target);
        mig__page_add(p, "</bdi></td><td class=\"r\">");
        mig__page_count(p, proof->messages);
        mig__page_add(p, "</td><td class=\"r\">");
        mig__page_html(p, mig_format_octets(proof->octets, octets, sizeof octets));
        mig__page_add(p, "</td><td>");
        if (proof->error.code != MIG_OK) {
            mig__page_html(p, proof->error.text);
        }
        if (proof->mended_at != 0) {
            mig__certificate_add_mended(&p->text, proof);
            mig__page_end_html(p);
            mig__page_add(p, "<br>");
        }
        if (proof->withheld > 0) {
            mig__certificate_add_withheld(&p->text, proof);
            mig__page_end_html(p);
            mig__page_add(p, "<br>");
        }
        add_run(p, mig__certificate_run(proof, "copy"));
        add_run(p, mig__certificate_run(proof, "verify"));
        mig__page_add(p, "</td></tr>\n");
        mig__paper_send(&p->paper);
    }
    mig__page_add(p, "</tbody></table>\n");
}

int mig_report_certificate_html(const mig_certificate *certificate, mig_sink_fn *sink, void *context, mig_error *err)
{
    char moment[MIG__ISO_SIZE];
    mig__page page = MIG__PAGE_INIT(sink, context);
    if (mig__page_head(&page, "May the old server be switched off?", certificate->missing_count == 0 ? "good" : "bad",
                       mig__certificate_css, NULL, err) < 0) {
        mig__paper_finish(&page.paper, "certificate", NULL);
        mig__buffer_free(&page.text);
        return -1;
    }
    mig__page_add(&page, "<header>\n<p class=\"soft\">mailmigrate: the certificate of a migration</p>\n<h1>");
    mig__certificate_add_verdict(&page.text, certificate);
    mig__page_end_html(&page);
    mig__buffer_addf(
        &page.paper.line, "</h1>\n<p class=\"soft\">%s; %zu accounts, %zu domains</p>\n</header>\n<main>\n",
        mig__iso_time(certificate->made, true, moment), certificate->proof_count, certificate->domain_count);
    add_missing(&page, certificate);
    add_domains(&page, certificate);
    add_accounts(&page, certificate);
    mig__page_add(
        &page,
        "<p class=\"soft\">Only what is on record counts: the last copy found nothing new and began after the domains "
        "had "
        "settled; every message was read back afterwards. Signed with --sign, the file .sig beside this one proves "
        "who says so.</p>\n</main>\n</body>\n</html>\n");
    const int done = mig__paper_finish(&page.paper, "certificate", err);
    mig__buffer_free(&page.text);
    return done;
}
