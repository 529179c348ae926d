package io.github.notearchive.cli.check;

import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.io.DisplayFormat;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares this machine's clock with those of the servers that were asked, and with the tables. */
final class ClockCheck {

    /** The answer of the other side may say whole seconds, and takes its time. */
    private static final Duration CLOCK_DRIFT = Duration.ofSeconds(5);

    /** A clock that is right now may have been a little ahead when notes were enqueued. */
    private static final Duration AHEAD = Duration.ofMinutes(1);

    private final Clock clock;
    private final DatabaseCheck database;
    private final StoreCheck store;
    private final ProviderCheck provider;

    ClockCheck(Clock clock, DatabaseCheck database, StoreCheck store, ProviderCheck provider) {
        this.clock = clock;
        this.database = database;
        this.store = store;
        this.provider = provider;
    }

    /** How far another clock is ahead of ours, which was read when it was asked and now. */
    static Duration drift(Clock clock, Instant asked, Instant theirs) {
        Duration took = Duration.between(asked, clock.instant());
        return Duration.between(asked.plus(took.dividedBy(2)), theirs);
    }

    /**
     * @param hasDatabase whether the database can be asked
     * @param hasTables whether its tables can
     */
    Seen look(boolean hasDatabase, boolean hasTables) {
        List<String> seen = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        if (hasDatabase) {
            Instant asked = clock.instant();
            Instant theirs = database.clock();
            compare("the database's", drift(clock, asked, theirs), seen, wrong);
        }
        if (store.drift() != null) {
            compare("the store's", store.drift(), seen, wrong);
        }
        if (provider.drift() != null) {
            compare("the provider's", provider.drift(), seen, wrong);
        }
        if (hasTables) {
            future().ifPresent(wrong::add);
        }
        if (!wrong.isEmpty()) {
            return Seen.warning(String.join("; ", wrong));
        }
        return seen.isEmpty()
                ? Seen.skipped("no other clock can be seen")
                : Seen.ok("as " + String.join(", ", seen) + ", within " + CLOCK_DRIFT.toSeconds() + " s");
    }

    private static void compare(String whose, Duration drift, List<String> seen, List<String> wrong) {
        if (drift.abs().compareTo(CLOCK_DRIFT) <= 0) {
            seen.add(whose);
            return;
        }
        wrong.add("this machine's clock is %s %s %s; set it (NTP), since nights and quotas go by it"
                .formatted(DisplayFormat.took(drift.abs()), drift.isNegative() ? "ahead of" : "behind", whose));
    }

    private Optional<String> future() {
        Instant soon = clock.instant().plus(AHEAD);
        WorklistStats.DueLater later = database.newNotesDueAfter(soon);
        return Optional.ofNullable(later.last())
                .map(last ->
                        "%d new notes are due only later, up to %s in Shanghai: a clock was ahead when they were enqueued; note-archive requeue --state PENDING makes them due now"
                                .formatted(later.notes(), DisplayFormat.minute(last)));
    }
}
