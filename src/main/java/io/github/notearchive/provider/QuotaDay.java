package io.github.notearchive.provider;

import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;

/** Begin and end of the provider's quota day, whose clock may differ from ours. Thread-safe. */
final class QuotaDay {

    /** Time after midnight within which a 303 may concern the quota of the day before. */
    private static final Duration RESET_WITHIN = Duration.ofMinutes(30);

    /** A larger difference of two clocks is an error, which the run reports and does not follow. */
    private static final Duration MAX_OFFSET = Duration.ofMinutes(10);

    /** By how much the provider's clock is behind ours; zero if it is ahead. */
    private volatile Duration behind = Duration.ZERO;

    /** @param ahead by how much the provider's clock is ahead of ours; negative if it is behind */
    void setOffset(Duration ahead) {
        boolean isUsable = ahead.isNegative() && ahead.abs().compareTo(MAX_OFFSET) <= 0;
        behind = isUsable ? ahead.abs() : Duration.ZERO;
    }

    /** Returns the end of the quota day of this moment, by our clock: the later of the two midnights. */
    Instant ends(Instant moment) {
        return Night.of(moment.minus(behind)).ends().plus(behind);
    }

    Instant begins(Instant moment) {
        return Night.of(moment.minus(behind)).begins().plus(behind);
    }

    /** Whether a day ended, by either clock, between request and response, so that a 303 concerns the day before. */
    boolean endedBetween(Instant sentAt, Instant respondedAt) {
        boolean isSameDay = Night.of(sentAt).equals(Night.of(sentAt.minus(behind)));
        return !isSameDay || !ends(sentAt).isAfter(respondedAt);
    }

    /** Whether the day began so recently that the provider may still count the day before. */
    boolean isJustBegun(Instant moment) {
        return moment.isBefore(begins(moment).plus(RESET_WITHIN));
    }
}
