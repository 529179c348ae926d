package io.github.notearchive.cli.check;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.plan.NightPlan;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Looks at what would hold a night back: the gate, and our own limits. */
final class NightCheck {

    private final CommandContext context;
    private final Clock clock;

    NightCheck(CommandContext context) {
        this.context = context;
        this.clock = context.get(Clock.class);
    }

    Seen gate() {
        Instant now = clock.instant();
        Instant reset = Night.of(now).ends();
        String until = "%s, in %s".formatted(Night.local(reset), DisplayFormat.took(Duration.between(now, reset)));
        return context.get(QuotaHolds.class)
                .current()
                .map(closed -> Seen.warning("closed until "
                        + Night.local(closed.until())
                        + ", in "
                        + DisplayFormat.took(Duration.between(now, closed.until()))
                        + ": "
                        + closed.reason()
                        + " was met; run --force overrides this"))
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
        return limit.unit().equals("bytes") ? DisplayFormat.size(amount) : String.format(Locale.ROOT, "%d", amount);
    }
}
