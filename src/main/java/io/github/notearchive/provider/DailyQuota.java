package io.github.notearchive.provider;

import io.github.notearchive.note.Night;
import java.time.Instant;

/**
 * What is known of our own limit of calls in one night. Without a limit it always allows.
 *
 * <p>Other nodes make calls too, so this may be behind: the ledger decides whether a call leaves, and what it says is
 * {@linkplain #know known} from then on.
 */
final class DailyQuota {

    private final long callsPerNight;
    private final String what;
    private Night night;
    private long made;

    /** @param what what is limited, as in "our own limit of 10 calls a night" */
    DailyQuota(long callsPerNight, String what) {
        this.callsPerNight = callsPerNight;
        this.what = what;
        this.night = Night.of(Instant.EPOCH);
    }

    /** Takes note of how many calls a night has seen. */
    synchronized void know(Night tonight, long callsMade) {
        night = tonight;
        made = callsMade;
    }

    /** Whether a night is known to have seen fewer calls, or is not known at all. */
    synchronized boolean isBehind(Night tonight, long callsMade) {
        return !night.equals(tonight) || made < callsMade;
    }

    /** Whether no call is left, as far as is known. */
    synchronized boolean isUsedUp(Night tonight) {
        return left(tonight) == 0;
    }

    /** How many calls are left, as far as is known. */
    synchronized long left(Night tonight) {
        if (callsPerNight == 0) {
            return Long.MAX_VALUE;
        }
        return tonight.compareTo(night) > 0 ? callsPerNight : Math.max(0, callsPerNight - made);
    }

    /** Gives back a call that did not leave. */
    synchronized void giveBack() {
        made = Math.max(0, made - 1);
    }

    @Override
    public String toString() {
        return callsPerNight == 0
                ? "no limit of our own"
                : "our own limit of " + callsPerNight + " " + what + " a night";
    }
}
