package io.github.notearchive.nightly.plan;

import io.github.notearchive.nightly.plan.NightPlan.Limit;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Limits of the number of calls in a night: settings, the quota of the provider, and time. Pure. */
final class PlanLimits {

    private static final Duration A_NIGHT = Duration.ofDays(1);

    private final PlanSettings settings;
    private final PlanInputs inputs;
    private final Pace pace;

    PlanLimits(PlanSettings settings, PlanInputs inputs, Pace pace) {
        this.settings = settings;
        this.inputs = inputs;
        this.pace = pace;
    }

    /** A number of calls and what limits it. */
    record Bound(long calls, String because) {

        static Bound least(List<Bound> bounds) {
            return bounds.stream().min(Comparator.comparingLong(Bound::calls)).orElseThrow();
        }
    }

    /** Rate of calls and what limits it. */
    record Pace(double callsPerSecond, String bound) {

        /** Returns the lowest of the rates that settings and durations allow. */
        static Pace of(PlanSettings settings, Duration latency, Duration fileTime) {
            double note = seconds(latency) + seconds(fileTime);
            return Stream.of(
                            new Pace(settings.source().callsPerSecond(), "archive.source.calls-per-second"),
                            new Pace(
                                    settings.source().callsInFlight() / seconds(latency),
                                    "archive.source.calls-in-flight"),
                            new Pace(settings.archive().workers() / note, "archive.workers"))
                    .min(Comparator.comparingDouble(Pace::callsPerSecond))
                    .orElseThrow();
        }

        long callsIn(Duration time) {
            return (long) (seconds(time) * callsPerSecond);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.1f calls a second by %s", callsPerSecond, bound);
        }
    }

    /** Returns the configured limits and their remainder tonight. */
    static List<Limit> configured(PlanSettings settings, NightlyCalls made, long storedBytes) {
        return List.of(
                limit(
                        "archive.source.calls-per-night",
                        "calls",
                        settings.source().callsPerNight(),
                        made.all()),
                limit(
                        "archive.video.calls-per-night",
                        "calls",
                        settings.videos().callsPerNight(),
                        made.videos()),
                limit("archive.refresh.calls-per-night", "calls", settings.refreshCallsPerNight(), made.refreshes()),
                limit("archive.limits.bytes-per-night", "bytes", settings.bytesPerNight(), storedBytes));
    }

    private static Limit limit(String name, String unit, long limit, long used) {
        return new Limit(name, unit, limit, used, limit == 0 ? null : Math.max(0, limit - used));
    }

    /** Returns the number of calls that the configured limits leave. */
    private List<Bound> ownBounds(long callsMade, long bytesStored) {
        List<Bound> bounds = new ArrayList<>();
        if (settings.source().callsPerNight() > 0) {
            bounds.add(new Bound(
                    Math.max(0, settings.source().callsPerNight() - callsMade),
                    "our own limit of " + settings.source().callsPerNight() + " calls a night"));
        }
        if (settings.bytesPerNight() > 0 && inputs.past().bytesPerResponse() > 0) {
            bounds.add(new Bound(
                    Math.max(0, settings.bytesPerNight() - bytesStored)
                            / inputs.past().bytesPerResponse(),
                    "our own limit of " + settings.limits().bytesPerNightInWords() + " of media a night"));
        }
        return bounds;
    }

    /** Returns the number of calls that the limits allow from now until the end of the night. */
    Bound tonight() {
        List<Bound> bounds = ownBounds(inputs.made().all(), inputs.storedBytes());
        // where more was made already, the quota is another one by now
        quota().map(quota -> new Bound(quota.calls() - inputs.made().all(), quota.because()))
                .filter(quota -> quota.calls() > 0)
                .ifPresent(bounds::add);
        Instant end = end().filter(time -> time.isBefore(Night.of(inputs.at()).ends()))
                .orElse(Night.of(inputs.at()).ends());
        bounds.add(new Bound(
                pace.callsIn(Duration.between(inputs.at(), end)), "the time until " + Night.local(end) + ", " + pace));
        return Bound.least(bounds);
    }

    /** Returns the number of calls that the limits allow in a whole night. */
    Bound wholeNight() {
        List<Bound> bounds = ownBounds(0, 0);
        quota().ifPresent(bounds::add);
        bounds.add(new Bound(pace.callsIn(longestRun()), "the time of a night, " + pace));
        return Bound.least(bounds);
    }

    /** Returns the number of calls that the provider allowed in nights that ended with its quota; empty if none did. */
    private Optional<Bound> quota() {
        List<Long> stops =
                inputs.past().responsesBeforeStops().stream().sorted().toList();
        if (stops.isEmpty()) {
            return Optional.empty();
        }
        long answers = stops.get((stops.size() - 1) / 2);
        return Optional.of(new Bound(
                inputs.callsFor(answers),
                "the provider's quota: "
                        + answers
                        + " answers, the median of the last "
                        + stops.size()
                        + " nights that reached it"));
    }

    /** Returns when a time limit stops a run that starts now. */
    Optional<Instant> end() {
        return Stream.concat(
                        settings.limits().stopAfter(inputs.at()).stream(),
                        maxDuration().map(inputs.at()::plus))
                .min(Comparator.naturalOrder());
    }

    private Stream<Duration> maxDuration() {
        return Stream.of(settings.limits().maxDuration()).filter(Duration::isPositive);
    }

    /** Returns the maximum duration of a run that starts at 00:00 in Shanghai. */
    private Duration longestRun() {
        Stream<Duration> stop = settings.limits().stopAt().isEmpty()
                ? Stream.empty()
                : Stream.of(Duration.ofSeconds(
                        LocalTime.parse(settings.limits().stopAt()).toSecondOfDay()));
        return Stream.concat(stop, maxDuration())
                .filter(Duration::isPositive)
                .min(Comparator.naturalOrder())
                .filter(time -> time.compareTo(A_NIGHT) < 0)
                .orElse(A_NIGHT);
    }

    static double seconds(Duration duration) {
        return Math.max(0.001, duration.toMillis() / 1000.0);
    }
}
