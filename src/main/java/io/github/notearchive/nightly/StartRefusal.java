package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.store.StoreException;
import java.util.Optional;

/**
 * Reason why a run does not start, or starts no more notes.
 *
 * @param exitCode exit code of that run
 * @param reason text of the run
 * @param planReason text of a plan, for which no run is started
 */
public record StartRefusal(ExitCode exitCode, String reason, String planReason) {

    /** Returns exit code and reason of the run. */
    StopReason stopReason() {
        return new StopReason(exitCode, reason);
    }

    /** Returns the refusal for an active run of the node, or another holder of its lock. */
    public static StartRefusal ofLock(String node) {
        return new StartRefusal(
                ExitCode.ALREADY_RUNNING,
                "another run of node " + node + " is active, or a rebuild or forget of the archive",
                "a run of node " + node + " is active and processes this");
    }

    public static Optional<StartRefusal> ofRebuild(boolean isUnfinished) {
        String rebuilt = "the tables are being rebuilt from the bucket, and that is not finished";
        return isUnfinished
                ? Optional.of(new StartRefusal(
                        ExitCode.USAGE,
                        rebuilt
                                + ": notes that are archived would be bought again. Finish it with note-archive rebuild",
                        rebuilt + "; finish it with note-archive rebuild"))
                : Optional.empty();
    }

    public static Optional<StartRefusal> ofGate(Optional<QuotaHolds.Closed> closed) {
        return closed.map(gate -> {
            String met = "%s is used up since %s; no call before %s, unless run --force overrides this"
                    .formatted(gate.reason(), Night.local(gate.at()), Night.local(gate.until()));
            return of(ExitCode.QUOTA_EXHAUSTED, met);
        });
    }

    /** Refuses a run whose limit of calls is used up; no limit if {@code perNight} is 0. */
    public static Optional<StartRefusal> ofCalls(int perNight, NightlyCalls made, Night tonight) {
        return perNight > 0 && made.all() >= perNight
                ? Optional.of(usedUp(perNight + " calls", tonight))
                : Optional.empty();
    }

    /** Refuses a run whose limit of media bytes, stored tonight by all runs and nodes, is used up. */
    public static Optional<StartRefusal> ofBytes(NightlyLimitProperties limits, long stored, Night tonight) {
        long limit = limits.bytesPerNight().toBytes();
        return limit > 0 && stored >= limit
                ? Optional.of(usedUp(limits.bytesPerNightInWords() + " of media", tonight))
                : Optional.empty();
    }

    /** Returns a refusal with the same text for run and plan. */
    static StartRefusal of(ExitCode exitCode, String reason) {
        return new StartRefusal(exitCode, reason, reason);
    }

    /** Returns the refusal for a store that is unavailable or rejects writes. */
    static StartRefusal ofStore(StoreException e) {
        return of(e.refused() ? ExitCode.USAGE : ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
    }

    private static StartRefusal usedUp(String what, Night tonight) {
        String reason =
                "our own limit of " + what + " a night is used up; nothing more before " + Night.local(tonight.ends());
        return of(ExitCode.QUOTA_EXHAUSTED, reason);
    }
}
