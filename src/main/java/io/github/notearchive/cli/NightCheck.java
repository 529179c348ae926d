package io.github.notearchive.cli;

import io.github.notearchive.cli.Look.Seen;
import io.github.notearchive.job.NightPlan;
import io.github.notearchive.job.NightPlanner;
import io.github.notearchive.job.NightlyLimitProperties;
import io.github.notearchive.job.SourceGate;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Looks at what would hold a night back: the gate, and our own limits. */
final class NightCheck {

    private final ArchiveContext context;
    private final Clock clock;

    NightCheck(ArchiveContext context) {
        this.context = context;
        this.clock = context.get(Clock.class);
    }

    Seen gate() {
        Instant now = clock.instant();
        Instant reset = Night.of(now).ends();
        String until = "%s, in %s".formatted(Night.local(reset), Times.took(Duration.between(now, reset)));
        return context.get(SourceGate.class)
                .current()
                .map(closed -> Seen.warning("closed until "
                        + Night.local(closed.until())
                        + ", in "
                        + Times.took(Duration.between(now, closed.until()))
                        + ": "
                        + closed.reason()
                        + " was met; run --force asks all the same"))
                .orElseGet(() -> Seen.ok("open; the provider's day ends on " + until));
    }

    Seen limits() {
        List<NightPlan.Limit> limits = context.get(NightPlanner.class).limits();
        NightlyLimitProperties night = context.get(NightlyLimitProperties.class);
        List<String> parts = new ArrayList<>();
        boolean isUsedUp = false;
        for (NightPlan.Limit limit : limits) {
            if (limit.left() != null) {
                isUsedUp |= limit.left() == 0;
                parts.add("%s %s left of %s"
                        .formatted(
                                limit.name().replaceFirst("^archive\\.", ""),
                                amount(limit, limit.left()),
                                amount(limit, limit.limit())));
            }
        }
        night.stopAfter(clock.instant()).ifPresent(end -> parts.add("a run ends on " + Night.local(end)));
        if (parts.isEmpty()) {
            return Seen.ok("none of our own; %d calls were made tonight"
                    .formatted(limits.getFirst().used()));
        }
        String found = String.join(", ", parts);
        return isUsedUp ? Seen.warning(found + "; new ones come at 00:00 in Shanghai") : Seen.ok(found);
    }

    private static String amount(NightPlan.Limit limit, long amount) {
        return limit.unit().equals("bytes") ? Times.size(amount) : String.format(Locale.ROOT, "%d", amount);
    }
}
