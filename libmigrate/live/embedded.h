/* live/embedded.h - the style and script of the page, made constants by the build */
#ifndef MIG_LIVE_EMBEDDED_H
#define MIG_LIVE_EMBEDDED_H

extern const char mig__live_css[];
extern const char mig__live_js[];

#endif
