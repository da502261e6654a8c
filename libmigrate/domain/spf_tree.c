/*
 * domain/spf_tree.c - everything that an SPF record leads to, counted without an address (RFC 7208 section 4.6.4)
 *
 * All branches are walked, as a receiver comes through them whose address matches nowhere. A branch that a macro hides
 * counts as one look-up and is not followed.
 */
#include "base/buffer.h"
#include "domain/name.h"
#include "domain/spf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NODES 40 /* enough to show how a record is over the limit, or goes in circles */

typedef struct walk {
    const mig__asker *asker;
    mig__spf_tree *tree;
} walk;

static mig__spf_node *add_node(walk *w, const char *domain, const char *via, unsigned depth)
{
    mig__spf_tree *tree = w->tree;
    mig__spf_node *more = realloc(tree->nodes, (tree->count + 1) * sizeof *more);
    if (more == NULL) {
        tree->failed = true;
        return NULL;
    }
    tree->nodes = more;
    more += tree->count++;
    *more = (mig__spf_node){.domain = mig__strdup(domain), .via = mig__strdup(via), .depth = depth};
    tree->failed = tree->failed || more->domain == NULL || (via != NULL && more->via == NULL);
    return more;
}

/* `permanent`: receivers end with an error there. */
static void problem(walk *w, size_t node, const char *name, const char *what, bool permanent)
{
    mig__spf_node *at = &w->tree->nodes[node];
    char inert[120];
    if (at->problem[0] == '\0') {
        snprintf(at->problem, sizeof at->problem, "%s%s%s", mig__inert(name, strlen(name), inert, sizeof inert),
                 name[0] != '\0' ? " " : "", what);
    }
    if (permanent && w->tree->what[0] == '\0') {
        snprintf(w->tree->what, sizeof w->tree->what, "%s", at->problem);
    }
}

/* A look-up that counts as void when nothing is there. */
static const mig__answer *look(walk *w, size_t node, const char *name, mig__rr type, bool counts)
{
    const mig__answer *answer = mig__ask(w->asker, name, type);
    if (answer == NULL) {
        w->tree->pending = true;
    } else if (!mig__answer_known(answer)) {
        w->tree->uncertain = true;
    } else if (counts && (answer->status == MIG__DNS_NXDOMAIN || answer->status == MIG__DNS_NODATA)) {
        w->tree->nodes[node].voids++;
        w->tree->voids++;
    }
    return answer;
}

/* An address of either family will do: a receiver asks for the one that the sender uses. */
static void look_address(walk *w, size_t node, const char *name)
{
    const mig__answer *four = look(w, node, name, MIG__RR_A, false), *six = look(w, node, name, MIG__RR_AAAA, false);
    if (four != NULL && six != NULL && mig__answer_known(four) && mig__answer_known(six) && four->count == 0 &&
        six->count == 0) {
        w->tree->nodes[node].voids++;
        w->tree->voids++;
        problem(w, node, name, "has no address", false);
    }
}

static void walk_into(walk *w, const char *domain, const char *via, unsigned depth);

static void walk_term(walk *w, size_t node, const char *domain, const mig__spf_term *term, unsigned depth)
{
    const char *name = term->domain != NULL ? term->domain : domain;
    if (term->kind == MIG__SPF_ALL || term->kind == MIG__SPF_IP4 || term->kind == MIG__SPF_IP6) {
        return;
    }
    w->tree->terms++;
    w->tree->nodes[node].terms++;
    w->tree->has_ptr = w->tree->has_ptr || term->kind == MIG__SPF_PTR;
    if (mig__spf_has_macro(name)) {
        w->tree->uncertain = w->tree->uncertain || term->kind == MIG__SPF_INCLUDE;
        return;
    }
    if (term->kind == MIG__SPF_INCLUDE) {
        walk_into(w, name, term->text, depth + 1);
    } else if (term->kind == MIG__SPF_MX) {
        const mig__answer *hosts = look(w, node, name, MIG__RR_MX, true);
        if (hosts != NULL && hosts->count > 10) {
            problem(w, node, name, "has more than ten MX hosts", true);
        }
    } else if (term->kind == MIG__SPF_A || term->kind == MIG__SPF_EXISTS) {
        look_address(w, node, name);
    }
}

static void walk_record(walk *w, size_t node, const char *domain, const mig__record *text, unsigned depth)
{
    mig__spf_record record;
    char *shown = malloc(text->length + 1);
    if (shown != NULL) {
        mig__inert((const char *)text->data, text->length, shown, text->length + 1);
    }
    w->tree->failed = w->tree->failed || shown == NULL;
    w->tree->nodes[node].record = shown;
    if (!mig__spf_parse(text->data, text->length, &record)) {
        problem(w, node, "", record.problem, true);
    } else {
        bool ends = false;
        for (size_t i = 0; i < record.count && !ends; i++) {
            walk_term(w, node, domain, &record.terms[i], depth);
            ends = record.terms[i].kind == MIG__SPF_ALL;
            if (ends && depth == 0) {
                w->tree->last_all = record.terms[i].qualifier;
            }
        }
        if (!ends && record.redirect != NULL) {
            w->tree->terms++;
            w->tree->nodes[node].terms++;
            if (mig__spf_has_macro(record.redirect)) {
                w->tree->uncertain = true;
            } else {
                char via[300];
                snprintf(via, sizeof via, "redirect=%s", record.redirect);
                walk_into(w, record.redirect, via, depth); /* takes the place of this record, its "all" with it */
            }
        }
    }
    mig__spf_record_clear(&record);
}

static void walk_into(walk *w, const char *domain, const char *via, unsigned depth)
{
    if (w->tree->count >= MOST_NODES) {
        return;
    }
    char clean[MIG__DN_SIZE];
    const mig__record *text = NULL;
    if (!mig__dn_clean(domain, clean) || add_node(w, clean, via, depth) == NULL) {
        return;
    }
    const size_t node = w->tree->count - 1;
    const mig__answer *answer = look(w, node, clean, MIG__RR_TXT, via != NULL);
    if (answer == NULL) {
        return;
    }
    if (!mig__answer_known(answer)) {
        problem(w, node, clean, "could not be looked up", false);
        return;
    }
    switch (mig__spf_select(answer, &text)) {
    case 0:
        problem(w, node, clean, "has no SPF record", true);
        break;
    case 2:
        problem(w, node, clean, "has more than one SPF record", true);
        break;
    default:
        walk_record(w, node, clean, text, depth);
        break;
    }
}

void mig__spf_walk(const char *domain, const mig__asker *asker, mig__spf_tree *tree)
{
    walk w = {asker, tree};
    *tree = (mig__spf_tree){.count = 0};
    walk_into(&w, domain, NULL, 0);
}

void mig__spf_tree_clear(mig__spf_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->nodes[i].domain);
        free(tree->nodes[i].via);
        free(tree->nodes[i].record);
    }
    free(tree->nodes);
    *tree = (mig__spf_tree){.count = 0};
}
