package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NightlyLimits;
import java.util.Optional;

/** Reasons why a run does not start, or starts no more notes. A plan names them too. */
public final class StartRefusals {

    private StartRefusals() {}

    public static Optional<StopReason> unfinishedRebuild(boolean isUnfinished) {
        String reason = "the tables are being rebuilt from the bucket, and that is not finished: "
                + "notes that are archived would be bought again. Finish it with note-archive rebuild";
        return Optional.of(new StopReason(ExitCode.USAGE, reason)).filter(_ -> isUnfinished);
    }

    public static Optional<StopReason> closedGate(Optional<QuotaHolds.Closed> closed) {
        return closed.map(gate -> {
            String met = "%s is used up since %s; no call before %s, unless run --force overrides this"
                    .formatted(gate.reason(), Night.local(gate.at()), Night.local(gate.until()));
            return new StopReason(ExitCode.QUOTA_EXHAUSTED, met);
        });
    }

    /** Refuses a run whose limit of calls, or of their cost, is used up. */
    public static Optional<StopReason> usedUpCalls(NightlyLimits limits, NightlyCalls made, Night tonight) {
        return limits.left(CallKind.NOTE, made) == 0
                ? Optional.of(usedUp(limits.reached(CallKind.NOTE, made), tonight))
                : Optional.empty();
    }

    /** Refuses a run whose limit of media bytes, stored tonight by all runs and nodes, is used up. */
    public static Optional<StopReason> usedUpBytes(NightlyLimitProperties limits, long stored, Night tonight) {
        long limit = limits.bytesPerNight().toBytes();
        return limit > 0 && stored >= limit
                ? Optional.of(usedUp(limits.bytesPerNightInWords() + " of media", tonight))
                : Optional.empty();
    }

    private static StopReason usedUp(String what, Night tonight) {
        String reason =
                "our own limit of " + what + " a night is used up; nothing more before " + Night.local(tonight.ends());
        return new StopReason(ExitCode.QUOTA_EXHAUSTED, reason);
    }
}
