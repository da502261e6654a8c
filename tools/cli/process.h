/* cli/process.h - what a tool arranges for its own process before anything else */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

/*
 * No core and no ptrace by other processes of the user, so that passwords stay in this process; a heap that gives
 * memory back; standard descriptors open, so that no mailbox or state file takes their place.
 */
void cli_process_prepare(void);

#endif
