package io.github.notearchive.source;

import io.github.notearchive.note.Night;
import java.time.Instant;

/** Our own limit of calls in one night, across restarts. Without a limit it always allows. */
final class NightlyAllowance {

    private final int callsPerNight;
    private final String what;
    private Night night = Night.of(Instant.EPOCH);
    private long made;

    /**
     * @param what what is limited, as in "our own limit of 10 calls a night"
     */
    NightlyAllowance(int callsPerNight, String what) {
        this.callsPerNight = callsPerNight;
        this.what = what;
    }

    /** Begins from what earlier runs of the same night have used up. */
    synchronized void begin(Night tonight, long callsMade) {
        night = tonight;
        made = callsMade;
    }

    /**
     * Takes one call out of the night's allowance; false when there is none left, and then nothing
     * is taken.
     */
    synchronized boolean take(Night tonight) {
        if (callsPerNight == 0) {
            return true;
        }
        if (tonight.compareTo(night) > 0) {
            begin(tonight, 0);
        }
        if (made >= callsPerNight) {
            return false;
        }
        made++;
        return true;
    }

    /** Whether {@link #take} would give none. */
    synchronized boolean isUsedUp(Night tonight) {
        return callsPerNight > 0 && tonight.compareTo(night) <= 0 && made >= callsPerNight;
    }

    /** How many calls {@link #take} would still give. */
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
