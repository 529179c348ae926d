package io.github.notearchive.nightly.plan;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.TimeBox;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.nightly.StartRefusal;
import io.github.notearchive.nightly.plan.NightPlan.BacklogEnd;
import io.github.notearchive.nightly.plan.NightPlan.CallsNeeded;
import io.github.notearchive.nightly.plan.NightPlan.DueClass;
import io.github.notearchive.nightly.plan.NightPlan.DueKind;
import io.github.notearchive.nightly.plan.NightPlan.ExpectedDuration;
import io.github.notearchive.nightly.plan.NightPlan.LeftOut;
import io.github.notearchive.nightly.plan.NightPlan.Limit;
import io.github.notearchive.nightly.plan.PlanQueries.Group;
import io.github.notearchive.nightly.plan.PlanQueries.Kind;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Calculates a plan from inputs and settings. Pure. */
final class PlanCalculator {

    /** Latency of a call if none was measured. */
    private static final Duration ASSUMED_LATENCY = Duration.ofSeconds(1);

    /** Duration of the files of a note if none was measured. */
    private static final Duration ASSUMED_FILES = Duration.ofSeconds(3);

    private static final Duration A_NIGHT = Duration.ofDays(1);

    private final PlanInputs inputs;
    private final ArchiveProperties settings;
    private final NoteSourceProperties source;
    private final VideoProperties videos;
    private final RefreshProperties refreshes;
    private final NightlyLimitProperties limits;

    private final Night tonight;
    private final Duration latency;
    private final Duration fileTime;
    private final Pace pace;
    private final List<DueClass> due;
    private final List<String> refusals;

    PlanCalculator(
            PlanInputs inputs,
            ArchiveProperties settings,
            NoteSourceProperties source,
            VideoProperties videos,
            RefreshProperties refreshes,
            NightlyLimitProperties limits) {
        this.inputs = inputs;
        this.settings = settings;
        this.source = source;
        this.videos = videos;
        this.refreshes = refreshes;
        this.limits = limits;
        this.tonight = Night.of(inputs.at());
        PlanQueries.Measured calls = inputs.calls().latency();
        this.latency = calls.of() == 0 ? ASSUMED_LATENCY : calls.median();
        this.fileTime =
                inputs.files().of() == 0 ? ASSUMED_FILES : inputs.files().median();
        this.pace = pace();
        this.due = due();
        this.refusals = refusals();
    }

    /** A number of calls and what limits it. */
    private record Bound(long calls, String because) {

        static Bound least(List<Bound> bounds) {
            return bounds.stream().min(Comparator.comparingLong(Bound::calls)).orElseThrow();
        }
    }

    /** Rate of calls and what limits it. */
    private record Pace(double callsPerSecond, String bound) {

        long callsIn(Duration time) {
            return (long) (seconds(time) * callsPerSecond);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.1f calls a second by %s", callsPerSecond, bound);
        }
    }

    NightPlan plan() {
        Bound allowed = tonightAllows();
        long refreshing =
                atMost(needed(DueKind.REFRESH), refreshLimit(), inputs.made().refreshes());
        long filming = atMost(
                needed(DueKind.VIDEO), videos.callsPerNight(), inputs.made().videos());
        long others = needed() - needed(DueKind.REFRESH) - needed(DueKind.VIDEO);
        long wanted = repeated(others + filming + refreshing);
        long made = Math.min(wanted, allowed.calls());
        return new NightPlan(
                inputs.at(),
                tonight.date(),
                settings.node(),
                obstacles(),
                due,
                new CallsNeeded(
                        needed(),
                        inputs.calls().perAnswer(),
                        repeated(needed()),
                        made,
                        made < wanted ? allowed.because() : null),
                limits(inputs.made(), inputs.storedBytes(), source, videos, refreshes, limits),
                duration(made),
                backlogEnd(Math.min(made, repeated(others + filming))),
                leftOut(wanted - made, allowed, filming, refreshing),
                notKnown());
    }

    // what is due

    private List<DueClass> due() {
        Group held = inputs.group(Kind.HELD);
        Group fresh = inputs.group(Kind.NEW);
        Group putOff = inputs.group(Kind.POSTPONED);
        Group recheck = inputs.group(Kind.RECHECK);
        long paid = held.paid() + fresh.paid() + putOff.paid() + recheck.paid();
        return Stream.of(
                        new DueClass(DueKind.FILES_ONLY, paid, 0),
                        new DueClass(
                                DueKind.BETTER_FILES, inputs.group(Kind.BETTER).notes(), 0),
                        asked(DueKind.ANSWER_TOO_OLD, held),
                        asked(DueKind.NEW, fresh),
                        asked(DueKind.PUT_OFF, putOff),
                        asked(DueKind.RECHECK, recheck),
                        new DueClass(DueKind.VIDEO, inputs.videosToBuy(), inputs.videosToBuy() + videosExpected(fresh)),
                        new DueClass(
                                DueKind.REFRESH,
                                inputs.refreshes().due(),
                                inputs.refreshes().due()))
                .filter(of -> of.notes() + of.calls() > 0)
                .toList();
    }

    private static DueClass asked(DueKind kind, Group group) {
        long notes = group.notes() - group.paid();
        return new DueClass(kind, notes, notes);
    }

    private long videosExpected(Group fresh) {
        return Math.round((fresh.notes() - fresh.paid()) * inputs.videoShare().share());
    }

    private long needed() {
        return due.stream().mapToLong(DueClass::calls).sum();
    }

    private long needed(DueKind kind) {
        return due.stream()
                .filter(of -> of.kind() == kind)
                .mapToLong(DueClass::calls)
                .sum();
    }

    private long withoutCall() {
        return due.stream()
                .filter(of -> of.calls() == 0)
                .mapToLong(DueClass::notes)
                .sum();
    }

    /** Returns the expected number of calls for a number of responses. */
    private long repeated(long answers) {
        return (long) Math.ceil(answers * inputs.calls().perAnswer());
    }

    // reasons not to start

    /** Returns why no run would buy anything. */
    private List<String> refusals() {
        return planReasons(Stream.of(
                StartRefusal.ofRebuild(inputs.isRebuildUnfinished()),
                StartRefusal.ofGate(inputs.closed()),
                StartRefusal.ofCalls(source.callsPerNight(), inputs.made(), tonight),
                StartRefusal.ofBytes(limits, inputs.storedBytes(), tonight)));
    }

    /** Returns why no run would process notes without calls. */
    private List<String> refusalsWithoutCall() {
        return planReasons(Stream.of(
                StartRefusal.ofRebuild(inputs.isRebuildUnfinished()),
                StartRefusal.ofBytes(limits, inputs.storedBytes(), tonight)));
    }

    private static List<String> planReasons(Stream<Optional<StartRefusal>> refusals) {
        return refusals.flatMap(Optional::stream).map(StartRefusal::planReason).toList();
    }

    private List<String> obstacles() {
        List<String> obstacles = new ArrayList<>(withoutCall() > 0 ? refusalsWithoutCall() : refusals);
        if (inputs.isRunning()) {
            obstacles.add(StartRefusal.ofLock(settings.node()).planReason());
        }
        return obstacles;
    }

    // limits

    static List<Limit> limits(
            NightlyCalls made,
            long storedBytes,
            NoteSourceProperties source,
            VideoProperties videos,
            RefreshProperties refreshes,
            NightlyLimitProperties limits) {
        return List.of(
                limit("archive.source.calls-per-night", "calls", source.callsPerNight(), made.all()),
                limit("archive.video.calls-per-night", "calls", videos.callsPerNight(), made.videos()),
                limit(
                        "archive.refresh.calls-per-night",
                        "calls",
                        refreshes.callsAllowed(source.callsPerNight()),
                        made.refreshes()),
                limit(
                        "archive.limits.bytes-per-night",
                        "bytes",
                        limits.bytesPerNight().toBytes(),
                        storedBytes));
    }

    private static Limit limit(String name, String unit, long limit, long used) {
        return new Limit(name, unit, limit, used, limit == 0 ? null : Math.max(0, limit - used));
    }

    private long bytesLimit() {
        return limits.bytesPerNight().toBytes();
    }

    private int refreshLimit() {
        return refreshes.callsAllowed(source.callsPerNight());
    }

    private static long atMost(long wanted, long limit, long used) {
        return limit == 0 ? wanted : Math.min(wanted, Math.max(0, limit - used));
    }

    /** Returns the number of calls that the configured limits leave. */
    private List<Bound> ownBounds(long callsMade, long bytesStored) {
        List<Bound> bounds = new ArrayList<>();
        if (source.callsPerNight() > 0) {
            bounds.add(new Bound(
                    Math.max(0, source.callsPerNight() - callsMade),
                    "our own limit of " + source.callsPerNight() + " calls a night"));
        }
        if (bytesLimit() > 0 && inputs.bytesPerAnswer() > 0) {
            bounds.add(new Bound(
                    Math.max(0, bytesLimit() - bytesStored) / inputs.bytesPerAnswer(),
                    "our own limit of " + limits.bytesPerNightInWords() + " of media a night"));
        }
        return bounds;
    }

    private Bound tonightAllows() {
        if (!refusals.isEmpty()) {
            return new Bound(0, refusals.getFirst());
        }
        List<Bound> bounds = ownBounds(inputs.made().all(), inputs.storedBytes());
        // where more was made already, the quota is another one by now
        quota().map(quota -> new Bound(quota.calls() - inputs.made().all(), quota.because()))
                .filter(quota -> quota.calls() > 0)
                .ifPresent(bounds::add);
        Instant end = end().filter(time -> time.isBefore(tonight.ends())).orElse(tonight.ends());
        bounds.add(new Bound(
                pace.callsIn(Duration.between(inputs.at(), end)), "the time until " + Night.local(end) + ", " + pace));
        return Bound.least(bounds);
    }

    private Bound aNightAllows() {
        List<Bound> bounds = ownBounds(0, 0);
        quota().ifPresent(bounds::add);
        bounds.add(new Bound(pace.callsIn(wholeNight()), "the time of a night, " + pace));
        return Bound.least(bounds);
    }

    /** Returns the number of calls that the provider allowed in nights that ended with its quota; empty if none did. */
    private Optional<Bound> quota() {
        List<Long> stops = inputs.answersBeforeStops().stream().sorted().toList();
        if (stops.isEmpty()) {
            return Optional.empty();
        }
        long answers = stops.get((stops.size() - 1) / 2);
        return Optional.of(new Bound(
                repeated(answers),
                "the provider's quota: "
                        + answers
                        + " answers, the median of the last "
                        + stops.size()
                        + " nights that reached it"));
    }

    /** Returns when a time limit stops a run that starts now. */
    private Optional<Instant> end() {
        return Stream.concat(
                        limits.stopAfter(inputs.at()).stream(),
                        limits.timeBox(null).map(box -> inputs.at().plus(box.length())).stream())
                .min(Comparator.naturalOrder());
    }

    /** Returns the maximum duration of a run that starts at 00:00 in Shanghai. */
    private Duration wholeNight() {
        Stream<Duration> stop = limits.stopAt().isEmpty()
                ? Stream.empty()
                : Stream.of(Duration.ofSeconds(LocalTime.parse(limits.stopAt()).toSecondOfDay()));
        return Stream.concat(stop, limits.timeBox(null).map(TimeBox::length).stream())
                .filter(Duration::isPositive)
                .min(Comparator.naturalOrder())
                .filter(time -> time.compareTo(A_NIGHT) < 0)
                .orElse(A_NIGHT);
    }

    // time

    private Pace pace() {
        double note = seconds(latency) + seconds(fileTime);
        return Stream.of(
                        new Pace(source.callsPerSecond(), "archive.source.calls-per-second"),
                        new Pace(source.callsInFlight() / seconds(latency), "archive.source.calls-in-flight"),
                        new Pace(settings.workers() / note, "archive.workers"))
                .min(Comparator.comparingDouble(Pace::callsPerSecond))
                .orElseThrow();
    }

    private static double seconds(Duration duration) {
        return Math.max(0.001, duration.toMillis() / 1000.0);
    }

    private ExpectedDuration duration(long calls) {
        long notes = refusalsWithoutCall().isEmpty() ? withoutCall() : 0;
        double seconds = calls / pace.callsPerSecond() + notes * seconds(fileTime) / settings.workers();
        if (calls + notes > 0) {
            // the last one has to end
            seconds += (calls > 0 ? seconds(latency) : 0) + seconds(fileTime);
        }
        return new ExpectedDuration(
                Duration.ofSeconds(Math.round(seconds)),
                pace.callsPerSecond(),
                pace.bound(),
                latency,
                fileTime,
                inputs.calls().latency().of(),
                inputs.files().of(),
                end().orElse(null));
    }

    // later nights

    private BacklogEnd backlogEnd(long tonightMade) {
        long later = inputs.group(Kind.NEW_LATER).notes()
                + inputs.group(Kind.POSTPONED_TONIGHT).notes()
                + inputs.group(Kind.POSTPONED_LATER).notes();
        long all = repeated(needed() - needed(DueKind.REFRESH) + later);
        long rest = Math.max(0, all - tonightMade);
        Bound night = aNightAllows();
        LocalDate last = rest == 0 ? tonight.date() : last(rest, night.calls());
        if (videos.callsPerNight() > 0) {
            long film = repeated(needed(DueKind.VIDEO))
                    - Math.max(0, videos.callsPerNight() - inputs.made().videos());
            if (film > 0 && last != null) {
                LocalDate filmed = last(film, videos.callsPerNight());
                if (filmed != null && filmed.isAfter(last)) {
                    night = new Bound(
                            videos.callsPerNight(),
                            "our own limit of " + videos.callsPerNight() + " calls for videos a night");
                    last = filmed;
                }
            }
        }
        return new BacklogEnd(rest, night.calls(), night.because(), last);
    }

    /** Returns the night in which the calls are completed that start in the next night. */
    private @Nullable LocalDate last(long calls, long perNight) {
        return perNight == 0 ? null : tonight.date().plusDays(Math.ceilDiv(calls, perNight));
    }

    // what is left out

    private List<LeftOut> leftOut(long over, Bound allowed, long filming, long refreshing) {
        List<LeftOut> left = new ArrayList<>();
        left.add(new LeftOut(over, "calls beyond the limit of tonight: " + allowed.because(), tonight.ends(), ""));
        left.add(new LeftOut(
                needed(DueKind.VIDEO) - filming,
                "calls for videos beyond archive.video.calls-per-night",
                tonight.ends(),
                ""));
        left.add(new LeftOut(
                needed(DueKind.REFRESH) - refreshing,
                "refreshes beyond archive.refresh.share or its calls-per-night",
                tonight.ends(),
                ""));
        left.add(waiting(Kind.POSTPONED_TONIGHT, "postponed, due again later tonight"));
        left.add(waiting(Kind.POSTPONED_LATER, "postponed to a later night"));
        left.add(waiting(Kind.NEW_LATER, "new, but due in the future: a clock was ahead when they were enqueued"));
        left.add(waiting(Kind.RECHECK_LATER, "UNAVAILABLE, checked again later"));
        left.add(waiting(Kind.BETTER_LATER, "archived, a better rendition is tried later"));
        left.add(new LeftOut(
                inputs.refreshes().later(),
                "archived, refreshed in a later night",
                inputs.refreshes().next() == null
                        ? null
                        : new Night(inputs.refreshes().next()).begins(),
                ""));
        left.add(new LeftOut(inputs.failed(), "FAILED", null, "status lists reasons and remedies"));
        for (PlanQueries.Claims claims : inputs.claims()) {
            left.add(new LeftOut(claims.notes(), "in progress on node " + claims.node(), null, ""));
        }
        left.add(new LeftOut(inputs.forgotten(), "erased, never fetched", null, ""));
        return left.stream().filter(of -> of.notes() > 0).toList();
    }

    private LeftOut waiting(Kind kind, String why) {
        Group group = inputs.group(kind);
        String advice = kind == Kind.NEW_LATER ? "note-archive requeue NOTE_ID makes one due now" : "";
        return new LeftOut(group.notes(), why, group.first(), advice);
    }

    // unknown inputs

    private List<String> notKnown() {
        List<String> notKnown = new ArrayList<>();
        if (inputs.calls().latency().of() == 0) {
            notKnown.add(
                    "how long a call takes: none was measured in the last %d nights, %d s and a response to each are assumed"
                            .formatted(PlanQueries.NIGHTS, ASSUMED_LATENCY.toSeconds()));
        }
        if (inputs.files().of() == 0) {
            notKnown.add("how long the files of a note take: none were measured in the last %d nights, %d s are assumed"
                    .formatted(PlanQueries.NIGHTS, ASSUMED_FILES.toSeconds()));
        }
        if (inputs.answersBeforeStops().isEmpty() && source.callsPerNight() == 0) {
            notKnown.add("the provider's quota: no run has reached it, and archive.source.calls-per-night sets none");
        }
        if (bytesLimit() > 0 && inputs.bytesPerAnswer() == 0) {
            notKnown.add(
                    "how many notes archive.limits.bytes-per-night allows: no file was stored in the last %d nights"
                            .formatted(PlanQueries.NIGHTS));
        }
        Group fresh = inputs.group(Kind.NEW);
        if (videos.enabled() && fresh.notes() > fresh.paid()) {
            notKnown.add(
                    inputs.videoShare().of() == 0
                            ? "how many of the new notes are videos, each with a second call: none is archived yet, none is counted"
                            : "how many of the new notes are videos: %.0f %% are assumed, as of the %d notes published last"
                                    .formatted(
                                            inputs.videoShare().share() * 100,
                                            inputs.videoShare().of()));
        }
        if (!inputs.refreshes().isPlanned()) {
            notKnown.add(
                    "which archived notes are refreshed: archive.refresh has changed, the next run plans them again");
        }
        if (inputs.group(Kind.BETTER).notes()
                        + due.stream()
                                .filter(of -> of.kind() == DueKind.FILES_ONLY)
                                .mapToLong(DueClass::notes)
                                .sum()
                > 0) {
            notKnown.add(
                    "whether the URLs of paid responses are still valid; an expired one of an earlier night takes one more call");
        }
        return notKnown;
    }
}
