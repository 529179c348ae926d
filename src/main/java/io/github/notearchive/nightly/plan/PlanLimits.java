package io.github.notearchive.nightly.plan;

import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.plan.NightPlan.Limit;
import io.github.notearchive.nightly.plan.PlanCalculator.PlanInputs;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Limits of the number of calls in a night: settings, the quota of the provider, and time. Pure. */
record PlanLimits(NightlySettings settings, PlanInputs inputs, Pace pace) {

    /** A number of calls and what limits it. */
    record Bound(long calls, String because) {}

    /** Rate of calls and what limits it. */
    record Pace(double callsPerSecond, String bound) {

        /** Returns the lowest of the rates that settings and durations allow. */
        static Pace of(NightlySettings settings, Duration latency, Duration fileTime) {
            double call = seconds(latency);
            double note = call + seconds(fileTime);
            return Stream.of(
                            new Pace(settings.source().callsPerSecond(), "archive.source.calls-per-second"),
                            new Pace(settings.source().callsInFlight() / call, "archive.source.calls-in-flight"),
                            new Pace(settings.archive().workers() / note, "archive.workers"))
                    .min(Comparator.comparingDouble(Pace::callsPerSecond))
                    .orElseThrow();
        }

        private Bound in(Duration time, String name) {
            String because = String.format(Locale.ROOT, "%s, %.1f calls a second by %s", name, callsPerSecond, bound);
            return new Bound((long) (seconds(time) * callsPerSecond), because);
        }
    }

    static double seconds(Duration duration) {
        return Math.max(0.001, duration.toMillis() / 1000.0);
    }

    /** Returns the configured limits and their remainder tonight. */
    static List<Limit> configured(NightlySettings settings, NightlyCalls made, long storedBytes) {
        long calls = settings.source().callsPerNight();
        long videos = settings.videos().callsPerNight();
        long bytes = settings.limits().bytesPerNight().toBytes();
        return List.of(
                Limit.of("archive.source.calls-per-night", "calls", calls, made.all()),
                Limit.of("archive.video.calls-per-night", "calls", videos, made.videos()),
                Limit.of("archive.refresh.calls-per-night", "calls", settings.refreshCallsPerNight(), made.refreshes()),
                Limit.of("archive.limits.bytes-per-night", "bytes", bytes, storedBytes));
    }

    /** Returns the number of calls that the limits allow from now until the end of the night. */
    Bound tonight() {
        long made = inputs.made().all();
        // where more was made already, the quota is another one by now
        Optional<Bound> quota = quota().filter(bound -> bound.calls() > made)
                .map(bound -> new Bound(bound.calls() - made, bound.because()));
        Instant midnight = Night.of(inputs.at()).ends();
        Instant end = end().filter(time -> time.isBefore(midnight)).orElse(midnight);
        Bound time = pace.in(Duration.between(inputs.at(), end), "the time until " + Night.local(end));
        return least(made, inputs.storedBytes(), quota, time);
    }

    /** Returns the number of calls that the limits allow in a whole night. */
    Bound wholeNight() {
        return least(0, 0, quota(), pace.in(longestRun(), "the time of a night"));
    }

    private Bound least(long callsMade, long bytesStored, Optional<Bound> quota, Bound time) {
        long calls = settings.source().callsPerNight();
        long bytes = settings.limits().bytesPerNight().toBytes();
        long perResponse = inputs.past().bytesPerResponse();
        List<Bound> bounds = new ArrayList<>();
        if (calls > 0) {
            bounds.add(new Bound(Math.max(0, calls - callsMade), "our own limit of " + calls + " calls a night"));
        }
        if (bytes > 0 && perResponse > 0) {
            String because = "our own limit of " + settings.limits().bytesPerNightInWords() + " of media a night";
            bounds.add(new Bound(Math.max(0, bytes - bytesStored) / perResponse, because));
        }
        quota.ifPresent(bounds::add);
        bounds.add(time);
        return Collections.min(bounds, Comparator.comparingLong(Bound::calls));
    }

    /**
     * Returns the number of calls that the provider allowed in nights that ended with its quota; empty if none did. A
     * night without a response says nothing: its quota was used up before.
     */
    Optional<Bound> quota() {
        List<Long> stops = inputs.past().responsesBeforeStops().stream()
                .filter(responses -> responses > 0)
                .sorted()
                .toList();
        if (stops.isEmpty()) {
            return Optional.empty();
        }
        long responses = stops.get((stops.size() - 1) / 2);
        String because = "the provider's quota, about %s as met in %s"
                .formatted(DisplayFormat.plural(responses, "response"), DisplayFormat.plural(stops.size(), "night"));
        return Optional.of(new Bound(inputs.past().calls().neededFor(responses), because));
    }

    /** Returns when a time limit stops a run that starts now. */
    Optional<Instant> end() {
        Optional<Instant> longest = Optional.of(settings.limits().maxDuration())
                .filter(Duration::isPositive)
                .map(inputs.at()::plus);
        return Stream.concat(settings.limits().stopAfter(inputs.at()).stream(), longest.stream())
                .min(Comparator.naturalOrder());
    }

    /** Returns the maximum duration of a run that starts at 00:00 in Shanghai. */
    private Duration longestRun() {
        String stopAt = settings.limits().stopAt();
        Duration untilStop =
                stopAt.isEmpty() ? Duration.ZERO : Duration.between(LocalTime.MIDNIGHT, LocalTime.parse(stopAt));
        return Stream.of(untilStop, settings.limits().maxDuration(), Duration.ofDays(1))
                .filter(Duration::isPositive)
                .min(Comparator.naturalOrder())
                .orElseThrow();
    }
}
