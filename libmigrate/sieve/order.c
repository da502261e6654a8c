/* sieve/order.c - which script is put first */
#include "sieve/judge.h"
#include <stdlib.h>

enum { UNSEEN, UNDER_WAY, PLACED };

typedef struct step {
    size_t script, next; /* the next of its needs to be looked at */
} step;

/* Depth first, with a stack of our own: a chain of includes may be as long as there are scripts. */
static void place(const size_t *const *needs, size_t first, unsigned char *state, step *stack, size_t *order,
                  size_t *placed, bool *circular)
{
    size_t depth = 0;
    stack[depth++] = (step){first, 0};
    state[first] = UNDER_WAY;
    while (depth > 0) {
        step *top = &stack[depth - 1];
        const size_t need = needs[top->script][top->next];
        if (need == MIG__SIEVE_NONE) {
            state[top->script] = PLACED;
            order[(*placed)++] = top->script;
            depth--;
            continue;
        }
        top->next++;
        if (state[need] == UNSEEN) {
            state[need] = UNDER_WAY;
            stack[depth++] = (step){need, 0};
        } else if (state[need] == UNDER_WAY) { /* from `need` up to here each includes the next */
            for (size_t i = depth; i-- > 0;) {
                circular[stack[i].script] = true;
                if (stack[i].script == need) {
                    break;
                }
            }
        }
    }
}

int mig__sieve_order(const size_t *const *needs, size_t count, size_t *order, bool *circular, mig_error *err)
{
    unsigned char *state = calloc(count + 1, 1);
    step *stack = calloc(count + 1, sizeof *stack);
    size_t placed = 0;
    const bool good = state != NULL && stack != NULL;
    for (size_t i = 0; i < count; i++) {
        circular[i] = false;
    }
    for (size_t i = 0; good && i < count; i++) {
        if (state[i] == UNSEEN) {
            place(needs, i, state, stack, order, &placed, circular);
        }
    }
    free(state);
    free(stack);
    return good ? 0 : mig_error_set(err, MIG_E_NOMEM, "out of memory");
}
