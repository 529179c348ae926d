package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.Mentions;
import io.github.notearchive.archive.stats.NightStats;
import io.github.notearchive.archive.stats.OpenNotes;
import io.github.notearchive.archive.stats.OpenNotes.ReasonCount;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.PrivateDirectory;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.report.NightReport.Past;
import io.github.notearchive.report.NightReport.Run;
import io.github.notearchive.report.NightReport.Slice;
import io.github.notearchive.report.NightReport.Slices;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Keeps how runs ended, and makes the report of a night: one page, from the tables alone.
 *
 * <p>Whoever asks twice gets the same bytes, unless the tables have changed in between: there is no time of writing in
 * it, and what a night left behind was kept when it ended.
 */
@Component
public class NightReports implements Mentions {

    /** What the keys of reports in the bucket begin with. Nothing reads them again. */
    public static final String PREFIX = "reports/";

    /** How many nights are compared. */
    static final int NIGHTS = 14;

    private static final int EYES = 50;
    private static final int REMARKS = 20;

    /** Parts that a night is divided into at most. */
    private static final int SLICES = 72;

    private static final List<Duration> WIDTHS = List.of(
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofMillis(500),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMinutes(1),
            Duration.ofMinutes(2),
            Duration.ofMinutes(5),
            Duration.ofMinutes(10),
            Duration.ofMinutes(20),
            Duration.ofMinutes(30));

    private final RunHistory history;
    private final NightStats stats;
    private final OpenNotes openNotes;
    private final ObjectStore store;
    private final ReportFolder folder;
    private final TransactionTemplate oneMoment;

    NightReports(
            RunHistory history,
            NightStats stats,
            OpenNotes openNotes,
            ObjectStore store,
            ReportFolder folder,
            PlatformTransactionManager transactions) {
        this.history = history;
        this.stats = stats;
        this.openNotes = openNotes;
        this.store = store;
        this.folder = folder;
        this.oneMoment = new TransactionTemplate(transactions);
        this.oneMoment.setReadOnly(true);
        this.oneMoment.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
    }

    /** The last night, up to this one, in which a run of a node ended; empty when there is none. */
    public Optional<Night> lastNight(String node, Night upTo) {
        return history.lastNight(node, upTo);
    }

    /** The nodes of which there was ever a run. */
    public List<String> nodes() {
        return history.nodes(new Night(LocalDate.EPOCH));
    }

    /** What is known of a night of a node; empty when no run began in it. */
    public Optional<NightReport> find(Night night, String node) {
        return Objects.requireNonNull(oneMoment.execute(_ -> read(night, node)));
    }

    /** The page of a night. */
    public static String page(NightReport report) {
        return new ReportPage(report).render();
    }

    /**
     * Where a report lies.
     *
     * @param file on this machine
     * @param key in the bucket; null when it did not take it
     */
    public record Written(Path file, @Nullable ObjectKey key) {}

    /**
     * Writes a report into this machine's folder, in place of an earlier one of the same execution.
     *
     * @throws IOException when the folder does not take it
     */
    public Path write(NightReport report) throws IOException {
        Path file = file(report);
        AtomicFile.write(file, page(report).getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /**
     * Puts a report into the bucket, in place of an earlier one of the same execution.
     *
     * @throws StoreException when the bucket does not take it
     */
    public ObjectKey put(NightReport report) {
        ObjectKey key = new ObjectKey(PREFIX + name(report));
        store.putBytes(key, page(report).getBytes(StandardCharsets.UTF_8), "text/html; charset=utf-8");
        return key;
    }

    /**
     * Where the report lies in this machine's folder, which is made when it is not there.
     *
     * @throws IOException when it cannot be made
     */
    public Path file(NightReport report) throws IOException {
        return PrivateDirectory.create(folder.path()).resolve(name(report));
    }

    /** Like {@code 2026-11-25-main-12.html}; without a number when no execution began. */
    static String name(NightReport report) {
        return report.night()
                + "-"
                + report.node()
                + report.execution().map(id -> "-" + id).orElse("")
                + ".html";
    }

    private Optional<NightReport> read(Night night, String node) {
        Night first = new Night(night.date().minusDays(90));
        List<Past> nights =
                nights(history.runs(node, first, night).stream().map(Run::of).toList());
        if (nights.isEmpty() || !nights.getLast().night().equals(night)) {
            return Optional.empty();
        }
        List<Run> runs = nights.getLast().runs();
        List<Long> executions = runs.stream()
                .map(Run::execution)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
        Instant from = runs.getFirst().began();
        Instant to = runs.stream()
                .map(run -> run.ended() == null ? run.began() : run.ended())
                .max(Instant::compareTo)
                .orElse(from);
        Optional<List<ReasonCount>> kept = history.reasonsAtEnd(node, night);
        NightStats.Remarks remarks = stats.remarks(executions, REMARKS);
        return Optional.of(new NightReport(
                night,
                node,
                runs,
                List.copyOf(nights.subList(Math.max(0, nights.size() - NIGHTS), nights.size())),
                kept.orElseGet(openNotes::reasons),
                kept.isPresent(),
                stats.failedNotes(executions, EYES),
                stats.countFailedNotes(executions),
                remarks.first(),
                remarks.inAll(),
                remarks.lesser(),
                slices(from, to, executions),
                stats.retries(executions),
                stats.callClasses(executions),
                stats.stops(executions),
                stats.findingsAt(to),
                stats.newFields(from, to)));
    }

    private static List<Past> nights(List<Run> runs) {
        Map<Night, List<Run>> byNight =
                runs.stream().collect(Collectors.groupingBy(Run::night, TreeMap::new, Collectors.toList()));
        return byNight.entrySet().stream()
                .map(night -> new Past(night.getKey(), List.copyOf(night.getValue())))
                .toList();
    }

    private Slices slices(Instant from, Instant to, Collection<Long> executions) {
        Duration all = Duration.between(from, to);
        Duration width = WIDTHS.stream()
                .filter(w -> w.multipliedBy(SLICES).compareTo(all) > 0)
                .findFirst()
                .orElseGet(() -> Duration.ofHours(all.toHours() / SLICES + 1));
        int slices = (int) (all.toMillis() / width.toMillis()) + 1;
        Instant end = from.plus(width.multipliedBy(slices));
        long[] calls = by(slices, stats.calls(from, end, width));
        long[] notes = by(slices, stats.answers(from, end, width, executions));
        long[] bytes = by(slices, stats.bytes(from, end, width));
        List<Slice> each = new ArrayList<>();
        long soFar = stats.countCalls(Night.of(from).begins(), from);
        Night day = Night.of(from);
        for (int i = 0; i < slices; i++) {
            Night now = Night.of(from.plus(width.multipliedBy(i)));
            if (!now.equals(day)) {
                day = now;
                soFar = 0; // the provider counts anew
            }
            soFar += calls[i];
            each.add(new Slice(soFar, notes[i], bytes[i]));
        }
        return new Slices(from, width, each);
    }

    private static long[] by(int slices, List<NightStats.Count> counts) {
        long[] numbers = new long[slices];
        counts.forEach(count -> {
            if (count.slice() >= 0 && count.slice() < slices) {
                numbers[count.slice()] += count.number();
            }
        });
        return numbers;
    }

    @Override
    public long countNaming(Collection<NoteId> notes) throws IOException {
        return (long) filesNaming(notes).size() + keysNaming(notes).size();
    }

    @Override
    public long removeNaming(Collection<NoteId> notes) throws IOException {
        List<Path> files = filesNaming(notes);
        for (Path file : files) {
            Files.delete(file);
        }
        List<ObjectKey> keys = keysNaming(notes);
        keys.forEach(key -> store.remove(key.value()));
        return (long) files.size() + keys.size();
    }

    private List<Path> filesNaming(Collection<NoteId> notes) throws IOException {
        List<Path> naming = new ArrayList<>();
        if (Files.isDirectory(folder.path()) && !notes.isEmpty()) {
            try (Stream<Path> files = Files.list(folder.path())) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".html")).toList()) {
                    if (isNaming(Files.readAllBytes(file), notes)) {
                        naming.add(file);
                    }
                }
            }
        }
        return naming;
    }

    private List<ObjectKey> keysNaming(Collection<NoteId> notes) {
        if (notes.isEmpty() || !store.hasBucket()) {
            return List.of();
        }
        try (Stream<StoredObject> objects = store.list(PREFIX)) {
            return objects.map(StoredObject::key)
                    .filter(key -> isNaming(store.read(key), notes))
                    .toList();
        }
    }

    private static boolean isNaming(byte[] page, Collection<NoteId> notes) {
        String text = new String(page, StandardCharsets.UTF_8);
        return notes.stream().anyMatch(note -> text.contains(note.value()));
    }
}
