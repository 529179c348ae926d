package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Invariants of an archive after its nights, regardless of kills and faults: rows, objects and ledger are compared with
 * each other and with the counts of the provider.
 *
 * <p>Every finding is a violation. {@link #billingUnknown} is none: it counts the requests without a recorded response,
 * each of which explains at most one response that was billed twice.
 */
final class Audit {

    static final List<String> KINDS =
            List.of("lost", "stuck", "row without object", "duplicated", "bought twice", "ledger wrong");

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

    private final Archive archive;
    private final Map<String, List<String>> findings = new LinkedHashMap<>();
    private final int billingUnknown;

    private Audit(Archive archive) {
        this.archive = archive;
        for (String kind : KINDS) {
            findings.put(kind, new ArrayList<>());
        }
        billingUnknown =
                (int) archive.number("SELECT count(*) FROM api_call WHERE received_at IS NULL AND billed = 'UNKNOWN'");
    }

    /**
     * Looks at everything. The notes are those that must be archived by now, all of them kinds that the provider has.
     */
    static Audit of(Practice practice, Archive archive, Collection<String> ids) throws Exception {
        Audit audit = new Audit(archive);
        audit.findLost(ids);
        audit.findStuck(practice);
        audit.compareWithObjects();
        audit.compareWithProvider(practice.provider(), ids);
        return audit;
    }

    /** Asserts that there is no violation, and that no more calls than that are unanswered. */
    Audit isClean(int billingUnknownAtMost) {
        assertThat(violations()).as("violations").isEmpty();
        assertThat(billingUnknown).as("calls in flight at a kill").isBetween(0, billingUnknownAtMost);
        return this;
    }

    /** Returns the numbers of violations of each kind. */
    Stream<Integer> counts() {
        return findings.values().stream().map(List::size);
    }

    List<String> violations() {
        return findings.values().stream().flatMap(List::stream).toList();
    }

    int billingUnknown() {
        return billingUnknown;
    }

    private void add(String kind, String finding, Object... values) {
        findings.get(kind).add(kind + ": " + finding.formatted(values));
    }

    private void findLost(Collection<String> ids) {
        Set<String> missing = new TreeSet<>(ids);
        archive.strings("""
                        SELECT note_id FROM worklist JOIN note USING (note_id)
                        WHERE state = 'ARCHIVED' AND archived_at IS NOT NULL
                        """).forEach(missing::remove);
        missing.forEach(id -> add("lost", "note %s is not archived", id));
        archive.strings("""
                        SELECT DISTINCT note_id FROM worklist w
                        WHERE state = 'ARCHIVED'
                          AND (NOT EXISTS (SELECT 1 FROM note_capture c
                                           WHERE c.note_id = w.note_id AND sidecar_key IS NOT NULL)
                               OR EXISTS (SELECT 1 FROM note_media m
                                          WHERE m.note_id = w.note_id AND m.state = 'MISSING'))
                        """).forEach(id -> add("lost", "note %s is archived with a gap", id));
    }

    private void findStuck(Practice practice) throws IOException {
        archive.strings("SELECT note_id FROM worklist WHERE claimed_by IS NOT NULL")
                .forEach(id -> add("stuck", "note %s is still claimed", id));
        archive.strings("""
                        SELECT 'execution ' || job_execution_id || ' is ' || status FROM batch_job_execution
                        WHERE status IN ('STARTING', 'STARTED', 'STOPPING', 'UNKNOWN') OR end_time IS NULL
                        UNION ALL
                        SELECT 'step ' || step_name || ' of execution ' || job_execution_id || ' is ' || status
                        FROM batch_step_execution
                        WHERE status IN ('STARTING', 'STARTED', 'STOPPING', 'UNKNOWN') OR end_time IS NULL
                        """).forEach(row -> add("stuck", "%s", row));
        archive.strings(MISCOUNTED).forEach(row -> add("stuck", "%s", row));
        Path spool = practice.directory().resolve("data").resolve("spool");
        if (Files.exists(spool)) {
            try (Stream<Path> files = Files.walk(spool)) {
                files.filter(Files::isRegularFile).forEach(file -> add("stuck", "%s remains", file));
            }
        }
    }

    /** The tables' own keys forbid most duplicates; objects without a row are reported, too. */
    private void compareWithObjects() throws Exception {
        Map<String, Long> media = archive.objects("media/");
        Set<String> orphans = new TreeSet<>(media.keySet());
        for (String row : archive.strings("SELECT concat_ws(' ', object_key, sha256, size_bytes) FROM media_object")) {
            String[] parts = row.split(" ");
            Long size = media.get(parts[0]);
            orphans.remove(parts[0]);
            if (size == null) {
                add("row without object", parts[0]);
            } else if (!parts[2].equals(size.toString())
                    || !parts[1].equals(DigestUtils.sha256Hex(archive.read(parts[0])))) {
                add("row without object", "%s has other bytes", parts[0]);
            }
        }
        Set<String> sidecars = archive.objects("notes/").keySet();
        orphans.addAll(sidecars);
        for (String key : archive.strings(SIDECARS)) {
            orphans.remove(key);
            if (!sidecars.contains(key)) {
                add("row without object", key);
            }
        }
        orphans.stream()
                .filter(key -> !S3PROXY_TEMPORARY.matcher(key).find())
                .forEach(key -> add("duplicated", "no row knows the object %s", key));
        archive.strings("""
                        SELECT note_id || ' has ' || count(*) || ' captures of ' || paid || ' paid answers'
                        FROM note_capture
                        JOIN (SELECT note_id, count(*) AS paid FROM api_call
                              WHERE billed = 'YES' AND code = 0 GROUP BY note_id) a USING (note_id)
                        GROUP BY note_id, paid HAVING count(*) > paid
                        """).forEach(row -> add("duplicated", "note %s", row));
    }

    private void compareWithProvider(ScriptableSandbox provider, Collection<String> ids) {
        List<String> sales = provider.bought();
        for (String id : ids) {
            int asked = provider.calls(id);
            int sold = Collections.frequency(sales, id);
            int rows = count(id, "true");
            int answered = count(id, "http_status IS NOT NULL");
            int paid = count(id, "billed = 'YES'");
            int unknown = count(id, "billed = 'UNKNOWN'");
            if (asked > rows || answered > asked) {
                add("ledger wrong", "note %s has %d rows, %d answered; %d requests", id, rows, answered, asked);
            }
            if (paid > sold || sold > paid + unknown) {
                add("ledger wrong", "note %s has %d paid, %d unknown rows; %d sales", id, paid, unknown, sold);
            }
            if (paid > 1 || sold > 1 + unknown) {
                add("bought twice", "note %s, %d paid, %d unknown rows, %d sales", id, paid, unknown, sold);
            }
        }
        Object[] list = {ids.toArray(String[]::new)};
        archive.strings("SELECT note_id FROM api_call WHERE note_id <> ALL (?)", list)
                .forEach(id -> add("ledger wrong", "note %s is not on the list", id));
    }

    private int count(String id, String which) {
        return (int) archive.number("SELECT count(*) FROM api_call WHERE note_id = ? AND " + which, id);
    }
}
