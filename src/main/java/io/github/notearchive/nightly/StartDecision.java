package io.github.notearchive.nightly;

import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import org.jspecify.annotations.Nullable;

/** Whether a run may begin. */
sealed interface StartDecision {

    /**
     * It may.
     *
     * @param tonight the night that it begins in
     * @param made the calls of that night, by whatever run and node
     * @param withoutCalls why it makes no call, and works only on notes whose response is held; null when it makes
     *     calls
     */
    record Granted(
            Night tonight, NightlyCalls made, @Nullable StartRefusal withoutCalls) implements StartDecision {}

    /** It may not; nothing was bought, and no execution is written. */
    record Denied(StartRefusal refusal) implements StartDecision {}
}
