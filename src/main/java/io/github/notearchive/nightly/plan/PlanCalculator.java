package io.github.notearchive.nightly.plan;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.query.PlanStats;
import io.github.notearchive.archive.query.PlanStats.Group;
import io.github.notearchive.archive.query.PlanStats.WorkKind;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.batch.StopReason;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.nightly.StartRefusals;
import io.github.notearchive.nightly.plan.NightPlan.BacklogEnd;
import io.github.notearchive.nightly.plan.NightPlan.CallsNeeded;
import io.github.notearchive.nightly.plan.NightPlan.CostRate;
import io.github.notearchive.nightly.plan.NightPlan.DueClass;
import io.github.notearchive.nightly.plan.NightPlan.DueKind;
import io.github.notearchive.nightly.plan.NightPlan.ExpectedDuration;
import io.github.notearchive.nightly.plan.NightPlan.LeftOut;
import io.github.notearchive.nightly.plan.NightPlan.Limit;
import io.github.notearchive.nightly.plan.NightPlan.PlannedCost;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NightlyLimits;
import io.github.notearchive.provider.NoteSourceProperties.CallPrices;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Calculates a plan from settings, and from inputs that were read from the tables at one time. Pure.
 *
 * @param closed the quota gate, if it is closed
 * @param made calls of the night so far
 */
record PlanCalculator(
        Instant at,
        boolean isRunning,
        boolean isRebuildUnfinished,
        Optional<QuotaHolds.Closed> closed,
        PlanStats.PlannedWork work,
        List<RefreshPlan.ValueClass> refreshesByValue,
        NightlyCalls made,
        long storedBytes,
        PlanStats.Measurements past,
        NightlySettings settings) {

    private static final Duration ASSUMED_LATENCY = Duration.ofSeconds(1);

    private static final Duration ASSUMED_FILES = Duration.ofSeconds(3);

    NightPlan plan() {
        List<DueClass> due = due();
        List<String> refusals = refusals(true);
        Bound allowed = refusals.isEmpty() ? allowed(true) : new Bound(0, refusals.getFirst());
        long refreshes = calls(due, DueKind.REFRESH);
        long videos = calls(due, DueKind.VIDEO);
        long filming = limit(CallKind.VIDEO).atMost(videos);
        long refreshing = limit(CallKind.REFRESH).atMost(refreshes);
        long needed = due.stream().mapToLong(DueClass::calls).sum();
        long others = needed - refreshes - videos;
        long wanted = past.calls().neededFor(others + filming + refreshing);
        long callsTonight = Math.min(wanted, allowed.calls());
        long ofBacklog = Math.min(callsTonight, past.calls().neededFor(others + filming));
        long withoutCall = due.stream()
                .filter(of -> of.calls() == 0)
                .mapToLong(DueClass::notes)
                .sum();
        BacklogEnd backlog = backlogEnd(needed - refreshes, videos, ofBacklog);
        String running = "a run of node " + settings.archive().node() + " is active and processes this";
        return new NightPlan(
                at,
                tonight().date(),
                settings.archive().node(),
                Stream.concat(
                                (withoutCall > 0 ? refusals(false) : refusals).stream(),
                                Stream.of(running).filter(_ -> isRunning))
                        .toList(),
                due,
                new CallsNeeded(
                        needed,
                        past.calls().perResponse(),
                        past.calls().neededFor(needed),
                        callsTonight,
                        callsTonight < wanted ? allowed.because() : null,
                        settings.source().price().isSet() ? cost(callsTonight, backlog.calls()) : null),
                limits(),
                duration(callsTonight, withoutCall),
                backlog,
                leftOut(wanted - callsTonight, videos - filming, refreshes - refreshing),
                notKnown(withoutCall > 0),
                refreshesByValue);
    }

    private Night tonight() {
        return Night.of(at);
    }

    private Duration latency() {
        return past.calls().latency().of() == 0
                ? ASSUMED_LATENCY
                : past.calls().latency().median();
    }

    private Duration fileTime() {
        return past.files().of() == 0 ? ASSUMED_FILES : past.files().median();
    }

    private PlannedCost cost(long tonight, long later) {
        NightlyLimits limits = settings.callLimits();
        CallPrices prices = limits.prices();
        return new PlannedCost(
                prices.currency(), limits.spent(made), rate().cost(tonight), rate().cost(later), limits.cost());
    }

    private CostRate rate() {
        return CostRate.of(settings.source().price(), past.calls(), due());
    }

    private static double seconds(Duration duration) {
        return Math.max(0.001, duration.toMillis() / 1000.0);
    }

    // limits of calls

    private record Bound(long calls, String because) {}

    private record Pace(double callsPerSecond, String bound) {}

    private Pace pace() {
        double call = seconds(latency());
        return Stream.of(
                        new Pace(settings.source().callsPerSecond(), "archive.source.calls-per-second"),
                        new Pace(settings.source().callsInFlight() / call, "archive.source.calls-in-flight"),
                        new Pace(settings.archive().workers() / (call + seconds(fileTime())), "archive.workers"))
                .min(Comparator.comparingDouble(Pace::callsPerSecond))
                .orElseThrow();
    }

    private Limit limit(CallKind kind) {
        return Limit.of(kind.setting(), "calls", settings.callLimits().calls().of(kind), made.of(kind));
    }

    private List<Limit> limits() {
        long bytes = settings.limits().bytesPerNight().toBytes();
        return List.of(
                limit(CallKind.NOTE),
                limit(CallKind.VIDEO),
                limit(CallKind.REFRESH),
                Limit.of("archive.limits.bytes-per-night", "bytes", bytes, storedBytes));
    }

    /**
     * Returns the number of calls that settings, quota and time allow.
     *
     * @param isTonight whether from now until the end of the night; otherwise in a whole night
     */
    private Bound allowed(boolean isTonight) {
        Limit own = limit(CallKind.NOTE);
        long used = isTonight ? made.all() : 0;
        List<Bound> bounds = new ArrayList<>();
        if (own.left() != null) {
            String because = "our own limit of " + DisplayFormat.plural(own.limit(), "call") + " a night";
            bounds.add(new Bound(isTonight ? own.left() : own.limit(), because));
        }
        NightlyLimits limits = settings.callLimits();
        if (limits.isOfCost()) {
            BigDecimal left = isTonight ? limits.cost().subtract(limits.spent(made)) : limits.cost();
            bounds.add(new Bound(
                    rate().calls(left),
                    "our own limit of " + limits.reached(CallKind.NOTE, NightlyCalls.NONE) + " a night"));
        }
        // where more was made already, the quota is another one by now
        quota().filter(quota -> quota.calls() > used)
                .ifPresent(quota -> bounds.add(new Bound(quota.calls() - used, quota.because())));
        Pace pace = pace();
        Instant from = isTonight ? at : tonight().begins();
        Instant end =
                end(from).filter(tonight().ends()::isAfter).orElse(tonight().ends());
        String time = isTonight ? "the time until " + Night.local(end) : "the time of a night";
        bounds.add(new Bound(
                (long) (seconds(Duration.between(from, end)) * pace.callsPerSecond()),
                String.format(
                        Locale.ROOT, "%s, %.1f calls a second by %s", time, pace.callsPerSecond(), pace.bound())));
        return Collections.min(bounds, Comparator.comparingLong(Bound::calls));
    }

    /**
     * Returns the number of calls that the provider allowed in nights that ended with its quota; empty if none did. A
     * night without a response says nothing: its quota was used up before.
     */
    private Optional<Bound> quota() {
        List<Long> stops = past.responsesBeforeStops().stream()
                .filter(responses -> responses > 0)
                .sorted()
                .toList();
        if (stops.isEmpty()) {
            return Optional.empty();
        }
        long responses = stops.get((stops.size() - 1) / 2);
        String because = "the provider's quota, about %s as met in %s"
                .formatted(DisplayFormat.plural(responses, "response"), DisplayFormat.plural(stops.size(), "night"));
        return Optional.of(new Bound(past.calls().neededFor(responses), because));
    }

    /** Returns when a time limit stops a run that starts at a time. */
    private Optional<Instant> end(Instant start) {
        Optional<Instant> longest = Optional.of(settings.limits().maxDuration())
                .filter(Duration::isPositive)
                .map(start::plus);
        return Stream.concat(settings.limits().stopAfter(start).stream(), longest.stream())
                .min(Comparator.naturalOrder());
    }

    // what is due

    private List<DueClass> due() {
        Group fresh = work.group(WorkKind.NEW);
        List<WorkKind> fetched = List.of(WorkKind.HELD, WorkKind.NEW, WorkKind.POSTPONED, WorkKind.RECHECK);
        long paid = fetched.stream().mapToLong(kind -> work.group(kind).paid()).sum();
        long videosExpected =
                Math.round((fresh.notes() - fresh.paid()) * past.videoShare().share());
        long refreshes = work.refreshes().due();
        return Stream.of(
                        new DueClass(DueKind.FILES_ONLY, paid, 0),
                        new DueClass(
                                DueKind.BETTER_FILES,
                                work.group(WorkKind.BETTER).notes(),
                                0),
                        fetched(DueKind.ANSWER_TOO_OLD, WorkKind.HELD),
                        fetched(DueKind.NEW, WorkKind.NEW),
                        fetched(DueKind.POSTPONED, WorkKind.POSTPONED),
                        fetched(DueKind.RECHECK, WorkKind.RECHECK),
                        new DueClass(DueKind.VIDEO, work.videosToBuy(), work.videosToBuy() + videosExpected),
                        new DueClass(DueKind.REFRESH, refreshes, refreshes))
                .filter(of -> of.notes() + of.calls() > 0)
                .toList();
    }

    private DueClass fetched(DueKind kind, WorkKind group) {
        long notes = work.group(group).notes() - work.group(group).paid();
        return new DueClass(kind, notes, notes);
    }

    private static long calls(List<DueClass> due, DueKind kind) {
        return due.stream()
                .filter(of -> of.kind() == kind)
                .mapToLong(DueClass::calls)
                .sum();
    }

    // reasons not to start

    /** Returns why no run would buy anything, or would process notes without calls. */
    private List<String> refusals(boolean withCalls) {
        Stream<Optional<StopReason>> refusals = Stream.of(
                StartRefusals.unfinishedRebuild(isRebuildUnfinished),
                StartRefusals.closedGate(closed).filter(_ -> withCalls),
                StartRefusals.usedUpCalls(settings.callLimits(), made, tonight())
                        .filter(_ -> withCalls),
                StartRefusals.usedUpBytes(settings.limits(), storedBytes, tonight()));
        return refusals.flatMap(Optional::stream).map(StopReason::reason).toList();
    }

    // time

    private ExpectedDuration duration(long calls, long withoutCall) {
        long notes = refusals(false).isEmpty() ? withoutCall : 0;
        Pace pace = pace();
        double fileSeconds = seconds(fileTime());
        double seconds = calls / pace.callsPerSecond()
                + notes * fileSeconds / settings.archive().workers();
        if (calls + notes > 0) {
            // the last one has to end
            seconds += (calls > 0 ? seconds(latency()) : 0) + fileSeconds;
        }
        return new ExpectedDuration(
                Duration.ofSeconds(Math.round(seconds)),
                pace.callsPerSecond(),
                pace.bound(),
                latency(),
                fileTime(),
                past.calls().latency().of(),
                past.files().of(),
                end(at).orElse(null));
    }

    /**
     * @param needed calls for notes that are due, without refreshes
     * @param videos those for videos, whose own limit may end later than that of all calls
     */
    private BacklogEnd backlogEnd(long needed, long videos, long madeTonight) {
        long later = Stream.of(WorkKind.NEW_LATER, WorkKind.POSTPONED_TONIGHT, WorkKind.POSTPONED_LATER)
                .mapToLong(kind -> work.group(kind).notes())
                .sum();
        long rest = Math.max(0, past.calls().neededFor(needed + later) - madeTonight);
        Bound night = allowed(false);
        LocalDate last = last(rest, night.calls());
        Limit own = limit(CallKind.VIDEO);
        if (own.left() != null && last != null) {
            LocalDate lastVideo = last(past.calls().neededFor(videos) - own.left(), own.limit());
            if (lastVideo != null && lastVideo.isAfter(last)) {
                String because =
                        "our own limit of " + DisplayFormat.plural(own.limit(), "call") + " for videos a night";
                return new BacklogEnd(rest, own.limit(), because, lastVideo);
            }
        }
        return new BacklogEnd(rest, night.calls(), night.because(), last);
    }

    /** Returns the night in which calls are completed that remain after tonight; null if no night allows any. */
    private @Nullable LocalDate last(long calls, long perNight) {
        if (calls <= 0) {
            return tonight().date();
        }
        return perNight == 0 ? null : tonight().date().plusDays(Math.ceilDiv(calls, perNight));
    }

    // what is left out

    private List<LeftOut> leftOut(long calls, long videos, long refreshes) {
        Instant tomorrow = tonight().ends();
        LocalDate nextRefresh = work.refreshes().next();
        Instant refreshed = nextRefresh == null ? null : new Night(nextRefresh).begins();
        List<LeftOut> left = new ArrayList<>(List.of(
                new LeftOut(calls, "calls beyond the limit of tonight", tomorrow, ""),
                new LeftOut(videos, "calls for videos beyond archive.video.calls-per-night", tomorrow, ""),
                new LeftOut(refreshes, "refreshes beyond archive.refresh.share or its calls-per-night", tomorrow, ""),
                waiting(WorkKind.POSTPONED_TONIGHT, "postponed notes, due again later tonight"),
                waiting(WorkKind.POSTPONED_LATER, "notes postponed to a later night"),
                waiting(WorkKind.NEW_LATER, "new notes, due in the future: a clock was ahead when they were enqueued"),
                waiting(WorkKind.RECHECK_LATER, "UNAVAILABLE notes, checked again later"),
                waiting(WorkKind.BETTER_LATER, "archived notes, a better rendition is tried later"),
                new LeftOut(work.refreshes().later(), "archived notes, refreshed in a later night", refreshed, ""),
                new LeftOut(
                        work.failed(),
                        "FAILED notes",
                        null,
                        "not retried; note-archive status lists reasons and remedies")));
        for (PlanStats.Claims claims : work.claims()) {
            left.add(new LeftOut(claims.notes(), "notes in progress on node " + claims.node(), null, ""));
        }
        left.add(new LeftOut(work.erased(), "erased notes, never fetched", null, ""));
        left.removeIf(of -> of.notes() == 0);
        return left;
    }

    private LeftOut waiting(WorkKind kind, String why) {
        return new LeftOut(work.group(kind).notes(), why, work.group(kind).first(), "");
    }

    // unknown inputs

    private record Unknown(boolean isUnknown, String what) {}

    private List<String> notKnown(boolean isAnyPaid) {
        Group fresh = work.group(WorkKind.NEW);
        PlanStats.MeasuredShare videos = past.videoShare();
        String shareOfVideos = videos.of() == 0
                ? "how many of the new notes are videos, each with a second call: none is archived yet, none is counted"
                : "how many of the new notes are videos: %d %% are assumed, as of the %s published last"
                        .formatted(Math.round(videos.share() * 100), DisplayFormat.plural(videos.of(), "note"));
        return Stream.of(
                        new Unknown(
                                past.calls().latency().of() == 0,
                                ("how long a call takes: none was measured in the last %d nights, %d s and a response "
                                                + "to each are assumed")
                                        .formatted(PlanStats.NIGHTS, ASSUMED_LATENCY.toSeconds())),
                        new Unknown(
                                past.files().of() == 0,
                                ("how long the files of a note take: none were measured in the last %d nights, %d s "
                                                + "are assumed")
                                        .formatted(PlanStats.NIGHTS, ASSUMED_FILES.toSeconds())),
                        new Unknown(
                                quota().isEmpty() && limit(CallKind.NOTE).left() == null,
                                "the provider's quota: no night with code 303 had a response before it, and "
                                        + "archive.source.calls-per-night is not set"),
                        new Unknown(
                                settings.limits().bytesPerNight().toBytes() > 0,
                                "how many notes archive.limits.bytes-per-night allows"),
                        new Unknown(settings.videos().enabled() && fresh.notes() > fresh.paid(), shareOfVideos),
                        new Unknown(
                                !work.isPlanned(),
                                "which archived notes are refreshed: archive.refresh has changed, the next run plans "
                                        + "them again"),
                        new Unknown(
                                isAnyPaid,
                                "whether the URLs of paid responses are still valid; an expired one of an earlier "
                                        + "night takes one more call"))
                .filter(Unknown::isUnknown)
                .map(Unknown::what)
                .toList();
    }
}
