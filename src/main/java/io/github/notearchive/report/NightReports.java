package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.Mentions;
import io.github.notearchive.archive.stats.NightStats;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.stats.WorklistStats.ReasonCount;
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
 * Computes the reports of nights from the tables and writes them to the local directory and the bucket.
 *
 * <p>The same tables result in the same bytes: a report does not contain the time at which it was written, and the
 * state of the archive is the one recorded at the end of the night.
 */
@Component
public class NightReports implements Mentions {

    /** Prefix of the object keys of reports, which are written only. */
    public static final String PREFIX = "reports/";

    /** Number of nights that a report compares. */
    static final int NIGHTS = 14;

    private static final int FAILED_NOTES = 50;
    private static final int REMARKS = 20;

    /** Maximum number of parts of a night. */
    private static final int SLICES = 72;

    /** Durations of a part in milliseconds. */
    private static final List<Integer> WIDTHS = List.of(
            100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000,
            1_800_000);

    private final RunHistory history;
    private final NightStats stats;
    private final WorklistStats openNotes;
    private final ObjectStore store;
    private final ReportFolder folder;
    private final TransactionTemplate snapshot;

    NightReports(
            RunHistory history,
            NightStats stats,
            WorklistStats openNotes,
            ObjectStore store,
            ReportFolder folder,
            PlatformTransactionManager transactions) {
        this.history = history;
        this.stats = stats;
        this.openNotes = openNotes;
        this.store = store;
        this.folder = folder;
        this.snapshot = new TransactionTemplate(transactions);
        this.snapshot.setReadOnly(true);
        this.snapshot.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
    }

    /** Returns the last night, not after the given one, in which a run of the node ended. */
    public Optional<Night> lastNight(String node, Night upTo) {
        return history.lastNight(node, upTo);
    }

    /** Returns all nodes that have had a run. */
    public List<String> nodes() {
        return history.nodes(new Night(LocalDate.EPOCH));
    }

    /** Returns the report of a night of a node; empty if no run started in it. */
    public Optional<NightReport> find(Night night, String node) {
        return Objects.requireNonNull(snapshot.execute(_ -> read(night, node)));
    }

    /** Returns the HTML page of a report. */
    public static String page(NightReport report) {
        return new ReportPage(report).render();
    }

    /**
     * Location of a written report.
     *
     * @param file local file
     * @param key object key; null if the upload failed
     */
    public record Written(Path file, @Nullable ObjectKey key) {}

    /**
     * Writes a report to the local directory. Replaces an earlier report of the same execution.
     *
     * @throws IOException if the file cannot be written
     */
    public Path write(NightReport report) throws IOException {
        Path file = file(report);
        AtomicFile.write(file, page(report).getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /**
     * Uploads a report to the bucket. Replaces an earlier report of the same execution.
     *
     * @throws StoreException if the upload fails
     */
    public ObjectKey put(NightReport report) {
        ObjectKey key = new ObjectKey(PREFIX + name(report));
        store.putBytes(key, page(report).getBytes(StandardCharsets.UTF_8), "text/html; charset=utf-8");
        return key;
    }

    /**
     * Returns the local file of a report. Creates its directory if it does not exist.
     *
     * @throws IOException if the directory cannot be created
     */
    public Path file(NightReport report) throws IOException {
        return PrivateDirectory.create(folder.path()).resolve(name(report));
    }

    /** Returns a name such as {@code 2026-11-25-main-12.html}; without a number if there was no execution. */
    static String name(NightReport report) {
        return report.night()
                + "-"
                + report.node()
                + report.execution().map(id -> "-" + id).orElse("")
                + ".html";
    }

    private Optional<NightReport> read(Night night, String node) {
        Night first = new Night(night.date().minusDays(90));
        List<Past> nights = history.runs(node, first, night).stream()
                .map(run -> Run.of(node, run))
                .collect(Collectors.groupingBy(Run::night, TreeMap::new, Collectors.toUnmodifiableList()))
                .values()
                .stream()
                .map(Past::new)
                .toList();
        if (nights.isEmpty() || !nights.getLast().night().equals(night)) {
            return Optional.empty();
        }
        List<Run> runs = nights.getLast().runs();
        List<Long> executions = runs.stream()
                .flatMap(run -> Stream.ofNullable(run.execution()))
                .distinct()
                .toList();
        Instant from = runs.getFirst().began();
        Instant to = runs.stream()
                .map(run -> run.ended() == null ? run.began() : run.ended())
                .max(Instant::compareTo)
                .orElse(from);
        Optional<List<ReasonCount>> kept = history.reasonsAtEnd(node, night);
        return Optional.of(new NightReport(
                node,
                List.copyOf(nights.subList(Math.max(0, nights.size() - NIGHTS), nights.size())),
                kept.orElseGet(openNotes::reasons),
                kept.isPresent(),
                stats.failedNotes(executions, FAILED_NOTES),
                stats.countFailedNotes(executions),
                stats.remarks(executions, REMARKS),
                slices(from, to, executions),
                stats.retries(executions),
                stats.callClasses(executions),
                stats.stops(executions),
                stats.findingsAt(to),
                stats.newFields(from, to)));
    }

    private Slices slices(Instant from, Instant to, Collection<Long> executions) {
        Duration all = Duration.between(from, to);
        Duration width = WIDTHS.stream()
                .map(Duration::ofMillis)
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
                soFar = 0; // a new day of the provider's quota
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
