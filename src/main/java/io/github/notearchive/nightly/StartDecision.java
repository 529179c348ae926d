package io.github.notearchive.nightly;

import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import org.jspecify.annotations.Nullable;

/** Decision whether a run may start. */
sealed interface StartDecision {

    /**
     * The run may start.
     *
     * @param tonight night of the start
     * @param made calls of that night, by all runs and nodes
     * @param withoutCalls why the run makes no calls and only processes notes with a usable response; null if it makes
     *     calls
     */
    record Granted(
            Night tonight, NightlyCalls made, @Nullable StartRefusal withoutCalls) implements StartDecision {}

    /** The run must not start; nothing was bought, and no execution is written. */
    record Denied(StartRefusal refusal) implements StartDecision {}
}
