package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.ErasureRepository.Mentions;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.report.NightReport.Past;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.commons.io.function.IOPredicate;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
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
public final class NightReports implements Mentions {

    /** Prefix of the object keys of reports, which are written only. */
    public static final String PREFIX = "reports/";

    private static final Pattern REPORT = Pattern.compile("\\d{4}-\\d\\d-\\d\\d-.+\\.html");

    private final RunHistory history;
    private final LogRepository log;
    private final ObjectStore store;
    private final ReportFolder folder;
    private final ReportProperties settings;
    private final PlatformTransactionManager transactions;

    NightReports(
            RunHistory history,
            LogRepository log,
            ObjectStore store,
            ReportFolder folder,
            ReportProperties settings,
            PlatformTransactionManager transactions) {
        this.history = history;
        this.log = log;
        this.store = store;
        this.folder = folder;
        this.settings = settings;
        this.transactions = transactions;
    }

    /** Returns the report of a night of a node; empty if no run started in it. */
    public Optional<NightReport> find(Night night, String node) {
        TransactionTemplate snapshot = new TransactionTemplate(transactions);
        snapshot.setReadOnly(true);
        snapshot.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
        return Objects.requireNonNull(snapshot.execute(_ -> read(night, node)));
    }

    /**
     * Settings of reports.
     *
     * @param language language of reports. The web pages show them in that of the reader
     */
    @ConfigurationProperties("archive.report")
    public record ReportProperties(@DefaultValue("en") Language language) {

        public enum Language {
            en,
            zh
        }
    }

    /** Returns the page of a report in the language of the settings, with links to the notes on the platform. */
    public String page(NightReport report) {
        return report.page(Texts.of(settings.language().name()), "https://www.xiaohongshu.com/explore/");
    }

    /** Location of a written report; without a key if the upload failed. */
    public record WrittenReport(Path file, @Nullable ObjectKey key) {}

    /** Writes a report to the local directory. Replaces an earlier report of the same execution. */
    public Path write(NightReport report) throws IOException {
        Path file = file(report);
        AtomicFile.write(file, page(report).getBytes(StandardCharsets.UTF_8));
        return file;
    }

    /** Uploads a report to the bucket. Replaces an earlier report of the same execution. */
    public ObjectKey put(NightReport report) {
        ObjectKey key = new ObjectKey(PREFIX + report.fileName());
        store.putBytes(key, page(report).getBytes(StandardCharsets.UTF_8), "text/html; charset=utf-8");
        return key;
    }

    /** Returns the local file of a report. Creates its directory if it does not exist. */
    public Path file(NightReport report) throws IOException {
        return Files.createDirectories(folder.path(), AtomicFile.PRIVATE_DIRECTORY)
                .resolve(report.fileName());
    }

    private Optional<NightReport> read(Night night, String node) {
        List<Past> nights = history.runs(node, new Night(night.date().minusDays(90)), night).stream()
                .collect(Collectors.groupingBy(RecordedRun::night, TreeMap::new, Collectors.toUnmodifiableList()))
                .values()
                .stream()
                .map(Past::new)
                .toList();
        if (nights.isEmpty() || !nights.getLast().night().equals(night)) {
            return Optional.empty();
        }
        List<RecordedRun> runs = nights.getLast().runs();
        List<Long> executions =
                runs.stream().flatMap(run -> Stream.ofNullable(run.execution())).toList();
        Instant from = runs.getFirst().began();
        Instant to = runs.stream()
                .map(run -> run.began().plus(run.took()))
                .max(Instant::compareTo)
                .orElse(from);
        int first = Math.max(0, nights.size() - NightReport.NIGHTS);
        return Optional.of(new NightReport(
                nights.subList(first, nights.size()),
                history.facts(executions, from, to),
                log.at(to).orElse(null)));
    }

    /** Deletes the reports of nights before a date, local ones and those in the bucket, and returns their number. */
    public long removeBefore(LocalDate date) throws IOException {
        Predicate<String> isOld = name -> REPORT.matcher(name).matches() && name.compareTo(date.toString()) < 0;
        return remove(
                files(file -> isOld.test(file.getFileName().toString())),
                keys(key -> isOld.test(key.value().substring(PREFIX.length()))),
                false);
    }

    @Override
    public long removeNaming(Collection<NoteId> notes, boolean dryRun) throws IOException {
        return remove(
                files(file -> isNaming(Files.readAllBytes(file), notes)),
                notes.isEmpty() ? List.of() : keys(key -> isNaming(store.read(key), notes)),
                dryRun);
    }

    private long remove(List<Path> files, List<ObjectKey> keys, boolean dryRun) throws IOException {
        if (!dryRun) {
            for (Path file : files) {
                Files.delete(file);
            }
            keys.forEach(key -> store.remove(key.value()));
        }
        return (long) files.size() + keys.size();
    }

    private List<Path> files(IOPredicate<Path> filter) throws IOException {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(folder.path())) {
            for (File file : FileUtils.listFiles(folder.path().toFile(), new String[] {"html"}, false)) {
                if (filter.test(file.toPath())) {
                    found.add(file.toPath());
                }
            }
        }
        return found;
    }

    private List<ObjectKey> keys(Predicate<ObjectKey> filter) {
        if (!store.hasBucket()) {
            return List.of();
        }
        try (Stream<StoredObject> objects = store.list(PREFIX)) {
            return objects.map(StoredObject::key).filter(filter).toList();
        }
    }

    private static boolean isNaming(byte[] page, Collection<NoteId> notes) {
        String text = new String(page, StandardCharsets.UTF_8);
        return notes.stream().anyMatch(note -> text.contains(note.value()));
    }

    /** Local directory of reports, which may not exist yet. */
    public record ReportFolder(Path path) {}
}
