package io.github.notearchive.job;

import io.github.notearchive.note.Night;
import io.github.notearchive.source.NightlyCalls;

/** Whether a run may begin. */
sealed interface Clearance {

    /**
     * It may.
     *
     * @param tonight the night that it begins in
     * @param made the calls of that night, by whatever run and node
     */
    record Granted(Night tonight, NightlyCalls made) implements Clearance {}

    /** It may not; nothing was bought, and no execution is written. */
    record Denied(Refusal refusal) implements Clearance {}
}
