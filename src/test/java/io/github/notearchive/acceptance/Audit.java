package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * What must hold of an archive once its work is done, whatever was done to the program meanwhile: rows, objects and
 * ledger are compared with each other and with what the provider itself counted.
 *
 * <p>Every finding is a violation, said in words. {@link #billingUnknown} is none: it counts the requests whose answer
 * nobody saw, each of which explains at most one answer sold twice.
 */
record Audit(
        List<String> lost,
        List<String> stuck,
        List<String> withoutObject,
        List<String> duplicated,
        List<String> boughtTwice,
        List<String> ledgerWrong,
        int billingUnknown) {

    /**
     * S3Proxy writes an object to a file of this name first (AbstractNio2BlobStore.putBlob), and leaves it there when
     * the bucket vanishes meanwhile. None of our keys ends like that.
     */
    private static final Pattern S3PROXY_TEMPORARY = Pattern.compile("-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$");

    /**
     * The keys of all sidecars: one for each capture, and one for each paid response that does not hold its note and so
     * has no capture.
     */
    private static final String SIDECARS = """
            SELECT sidecar_key FROM note_capture WHERE sidecar_key IS NOT NULL
            UNION
            SELECT 'notes/' || note_id || '/' || to_char(received_at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS.MS"Z"')
                   || '.json'
            FROM api_call c
            WHERE billed = 'YES' AND code = 0
              AND CASE WHEN EXISTS (SELECT 1 FROM note_capture n WHERE n.call_id = c.id) THEN false
                       ELSE NOT jsonb_path_exists(
                               convert_from(response, 'UTF8')::jsonb,
                               '$.data[*].note_list[*] ? (@.id == $id)',
                               jsonb_build_object('id', note_id)) END
            """;

    /**
     * Ended executions whose steps do not count as many notes written as read, or fewer than the execution has settled.
     * The counts of a killed process may be a second old.
     */
    private static final String MISCOUNTED = """
            SELECT format('execution %s has settled %s notes, and counts %s read and %s written',
                          job_execution_id, settled, read, written)
            FROM (SELECT e.job_execution_id, sum(s.read_count) AS read, sum(s.write_count) AS written,
                         (SELECT count(*) FROM worklist w WHERE w.settled_by = e.job_execution_id) AS settled
                  FROM batch_job_execution e JOIN batch_step_execution s USING (job_execution_id)
                  WHERE e.status IN ('COMPLETED', 'STOPPED') AND s.step_name LIKE 'archiveNotes:w%'
                  GROUP BY e.job_execution_id) counts
            WHERE read <> written OR written < settled
            """;

    /**
     * Looks at everything. The notes are those that must be archived by now, all of them kinds that the provider has.
     */
    static Audit of(Practice practice, Archive archive, Collection<String> ids) throws Exception {
        List<String> boughtTwice = new ArrayList<>();
        List<String> ledgerWrong = new ArrayList<>();
        ledger(practice.provider(), archive, ids, boughtTwice, ledgerWrong);
        return new Audit(
                lost(archive, ids),
                stuck(practice, archive),
                withoutObject(archive),
                duplicated(archive),
                boughtTwice,
                ledgerWrong,
                (int) archive.number("SELECT count(*) FROM api_call WHERE received_at IS NULL AND billed = 'UNKNOWN'"));
    }

    /** Asserts that there is no violation, and that no more calls than that are unanswered. */
    Audit isClean(int billingUnknownAtMost) {
        assertThat(violations()).as("violations").isEmpty();
        assertThat(billingUnknown).as("calls in flight at a kill").isBetween(0, billingUnknownAtMost);
        return this;
    }

    /** Returns the violations by kind. */
    List<List<String>> findings() {
        return List.of(lost, stuck, withoutObject, duplicated, boughtTwice, ledgerWrong);
    }

    List<String> violations() {
        return findings().stream().flatMap(List::stream).toList();
    }

    private static List<String> lost(Archive archive, Collection<String> ids) {
        Set<String> missing = new TreeSet<>(ids);
        archive.strings("""
                        SELECT note_id FROM worklist JOIN note USING (note_id)
                        WHERE state = 'ARCHIVED' AND archived_at IS NOT NULL
                        """).forEach(missing::remove);
        List<String> lost = new ArrayList<>();
        missing.forEach(id -> lost.add("lost: note " + id + " is not archived"));
        archive.strings("""
                        SELECT DISTINCT note_id FROM worklist w
                        WHERE state = 'ARCHIVED'
                          AND (NOT EXISTS (SELECT 1 FROM note_capture c
                                           WHERE c.note_id = w.note_id AND sidecar_key IS NOT NULL)
                               OR EXISTS (SELECT 1 FROM note_media m
                                          WHERE m.note_id = w.note_id AND m.state = 'MISSING'))
                        """).forEach(id -> lost.add("lost: note " + id + " is archived with a gap"));
        return lost;
    }

    private static List<String> stuck(Practice practice, Archive archive) {
        List<String> stuck = new ArrayList<>();
        archive.strings("SELECT note_id FROM worklist WHERE claimed_by IS NOT NULL")
                .forEach(id -> stuck.add("stuck: note " + id + " is still claimed"));
        archive.strings("""
                        SELECT 'execution ' || job_execution_id || ' is ' || status FROM batch_job_execution
                        WHERE status IN ('STARTING', 'STARTED', 'STOPPING', 'UNKNOWN') OR end_time IS NULL
                        UNION ALL
                        SELECT 'step ' || step_name || ' of execution ' || job_execution_id || ' is ' || status
                        FROM batch_step_execution
                        WHERE status IN ('STARTING', 'STARTED', 'STOPPING', 'UNKNOWN') OR end_time IS NULL
                        """).forEach(row -> stuck.add("stuck: " + row));
        archive.strings(MISCOUNTED).forEach(row -> stuck.add("stuck: " + row));
        Path spool = practice.directory().resolve("data").resolve("spool");
        if (Files.exists(spool)) {
            try (Stream<Path> files = Files.walk(spool)) {
                files.filter(Files::isRegularFile).forEach(file -> stuck.add("stuck: " + file + " was left behind"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return stuck;
    }

    private static List<String> withoutObject(Archive archive) throws Exception {
        List<String> findings = new ArrayList<>();
        Map<String, Long> objects = archive.objects("media/");
        for (String row : archive.strings("SELECT concat_ws(' ', object_key, sha256, size_bytes) FROM media_object")) {
            String[] parts = row.split(" ");
            Long size = objects.get(parts[0]);
            if (size == null) {
                findings.add("row without object: " + parts[0]);
            } else if (!parts[2].equals(size.toString())
                    || !parts[1].equals(DigestUtils.sha256Hex(archive.read(parts[0])))) {
                findings.add("row with other bytes: " + parts[0]);
            }
        }
        Set<String> sidecars = archive.objects("notes/").keySet();
        archive.strings(SIDECARS).stream()
                .filter(key -> !sidecars.contains(key))
                .forEach(key -> findings.add("row without object: " + key));
        return findings;
    }

    /** The tables' own keys forbid most; objects without a row are reported, too. */
    private static List<String> duplicated(Archive archive) throws Exception {
        List<String> findings = new ArrayList<>();
        archive.strings("""
                        SELECT note_id || ' has ' || count(*) || ' captures of ' || paid || ' paid answers'
                        FROM note_capture
                        JOIN (SELECT note_id, count(*) AS paid FROM api_call
                              WHERE billed = 'YES' AND code = 0 GROUP BY note_id) a USING (note_id)
                        GROUP BY note_id, paid HAVING count(*) > paid
                        """).forEach(row -> findings.add("duplicated: note " + row));
        unknown(archive.objects("media/").keySet(), archive.strings("SELECT object_key FROM media_object"), findings);
        unknown(archive.objects("notes/").keySet(), archive.strings(SIDECARS), findings);
        return findings;
    }

    private static void unknown(Set<String> objects, List<String> rows, List<String> findings) {
        Set<String> strays = new TreeSet<>(objects);
        rows.forEach(strays::remove);
        strays.removeIf(key -> S3PROXY_TEMPORARY.matcher(key).find());
        strays.forEach(key -> findings.add("duplicated: no row knows the object " + key));
    }

    private static void ledger(
            ScriptableSandbox provider,
            Archive archive,
            Collection<String> ids,
            List<String> boughtTwice,
            List<String> ledgerWrong) {
        List<String> sales = provider.bought();
        for (String id : ids) {
            int asked = provider.calls(id);
            int sold = Collections.frequency(sales, id);
            int rows = count(archive, id, "true");
            int answered = count(archive, id, "http_status IS NOT NULL");
            int paid = count(archive, id, "billed = 'YES'");
            int unknown = count(archive, id, "billed = 'UNKNOWN'");
            if (asked > rows || answered > asked) {
                ledgerWrong.add("ledger: note %s has %d rows, %d of them answered; the provider counts %d requests"
                        .formatted(id, rows, answered, asked));
            }
            if (paid > sold || sold > paid + unknown) {
                ledgerWrong.add(
                        "ledger: note %s has %d paid and %d billing unknown rows; the provider has sold %d answers"
                                .formatted(id, paid, unknown, sold));
            }
            if (paid > 1 || sold > 1 + unknown) {
                boughtTwice.add("bought twice: note %s, %d paid rows, %d billing unknown, %d answers sold"
                        .formatted(id, paid, unknown, sold));
            }
        }
        int strange = (int) archive.number(
                "SELECT count(*) FROM api_call WHERE note_id <> ALL (?)", (Object) ids.toArray(String[]::new));
        if (strange > 0) {
            ledgerWrong.add("ledger: %d rows of notes that are not on the list".formatted(strange));
        }
    }

    private static int count(Archive archive, String id, String which) {
        return (int) archive.number("SELECT count(*) FROM api_call WHERE note_id = ? AND " + which, id);
    }
}
