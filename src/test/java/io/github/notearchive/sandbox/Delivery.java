package io.github.notearchive.sandbox;

/** Way in which a response is sent. */
enum Delivery {
    /** Completely. */
    WHOLE,
    /** Half of the promised bytes; then the connection is closed. */
    HALF,
    /** In eight pieces, with a pause before each. */
    SLOW,
    /** Completely, and then the same bytes once more. */
    TWICE,
    /** Not at all: the connection is reset. */
    RESET,
    /** Not at all: the connection is reset after {@link SandboxScript#releaseHung()}. */
    HANG
}
