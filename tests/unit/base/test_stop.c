/* Asking to stop */
#include <migrate/stop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

static void requests_raise_the_level_to_two(void **state)
{
    (void)state;
    mig_stop stop = MIG_STOP_INIT;
    assert_int_equal(mig_stop_level(NULL), 0);
    assert_int_equal(mig_stop_level(&stop), 0);
    for (int request = 1; request < 5; request++) {
        mig_stop_request(&stop);
        assert_int_equal(mig_stop_level(&stop), request < 2 ? request : 2);
    }
}

/* What is under way gets its time, and no more. */
static void the_grace_of_one_request_ends(void **state)
{
    (void)state;
    mig_stop stop = MIG_STOP_INIT;
    mig_stop_request(&stop);
    assert_int_equal(mig_stop_level(&stop), 1);
    stop.asked_ms -= MIG_STOP_GRACE_MS; /* as if it had been made so long ago */
    assert_int_equal(mig_stop_level(&stop), 2);
}

static void *request_often(void *stop)
{
    for (int i = 0; i < 10000; i++) {
        mig_stop_request(stop);
    }
    return NULL;
}

static void many_threads_may_ask(void **state)
{
    (void)state;
    mig_stop stop = MIG_STOP_INIT;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, request_often, &stop), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(mig_stop_level(&stop), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_raise_the_level_to_two),
        cmocka_unit_test(the_grace_of_one_request_ends),
        cmocka_unit_test(many_threads_may_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
