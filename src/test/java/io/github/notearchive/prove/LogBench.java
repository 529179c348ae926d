package io.github.notearchive.prove;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ArchiveRevisionFixture;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.LogRepository.LogCheckpoint;
import io.github.notearchive.archive.catalog.LogRepository.LogEntry;
import io.github.notearchive.archive.catalog.ProofProperties;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.text.Secret;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Appends a night of 10,000 captures to a log of 10,000,000, and proves entries: {@code ./mvnw verify -Pbench
 * -Dit.test=LogBench -DargLine=-Xmx256m}. {@code -Dbench.entries=100000} makes a smaller log. The embedded store runs
 * in the same process.
 */
class LogBench {

    private static final int ENTRIES = Integer.getInteger("bench.entries", 10_000_000);
    private static final int NIGHT = 10_000;
    private static final int NIGHTS = 5;
    private static final int PROOFS = 100;
    private static final Instant NOW = Instant.parse("2026-03-10T04:00:00Z");

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final ProofProperties settings = new ProofProperties(true, new Secret(""), "");
    private final Clock clock = Clock.systemUTC();
    private final LogRepository rows = new LogRepository(database.jdbc(), database.transactions(), settings, clock);
    private final List<String> results = new ArrayList<>();

    @Test
    void nightOf10000AndProofsInALogOf10000000(@TempDir Path home) throws Exception {
        try (DataDirectory directory = DataDirectory.open(home);
                ObjectStore store = StoreFixture.of(new EmbeddedStore(directory, true), "log")) {
            store.ensureBucket();
            ArchiveRevision revision = ArchiveRevisionFixture.of(store, clock, database.transactions());
            revision.advance();
            CaptureLog log = new CaptureLog(
                    rows,
                    store,
                    revision,
                    settings,
                    new ArchiveProperties("main", 1, home.toString(), "", List.of(), null, null, null, null),
                    database.details());
            fill(store);
            long began = System.nanoTime();
            assertThat(log.append(() -> {}, new AtomicLong()).size()).isEqualTo(ENTRIES);
            report("publish " + ENTRIES, began, 1);

            for (int night = 1; night <= NIGHTS; night++) {
                record(ENTRIES + night * NIGHT);
                began = System.nanoTime();
                assertThat(log.append(() -> {}, new AtomicLong()).size()).isEqualTo(ENTRIES + night * NIGHT);
                report("append " + NIGHT, began, 1);
            }
            for (int round = 0; round < 2; round++) {
                began = System.nanoTime();
                for (int i = 0; i < PROOFS; i++) {
                    assertThat(log.prove(note(i))).hasSize(1);
                }
                report("prove", began, PROOFS);
            }
            began = System.nanoTime();
            while (log.auditNext()) {
                assertThat(rows.audited().size()).isPositive();
            }
            report("first audit", began, 1);
        } finally {
            ArchiveDatabase.emptied();
        }
        Path page = Path.of("target", "bench", "log.txt");
        Files.createDirectories(page.getParent());
        Files.write(page, results);
    }

    private void report(String what, long began, int times) {
        results.add("%s: %.1f ms, heap at most %d MB"
                .formatted(
                        what,
                        (System.nanoTime() - began) / 1e6 / times,
                        Runtime.getRuntime().maxMemory() >> 20));
    }

    private static NoteId note(long number) {
        return new NoteId("66aa%020d".formatted(number));
    }

    private static LogEntry entry(long number) {
        return LogEntry.of(
                note(number), NOW, CaptureLogTests.sidecar(note(number), null).record());
    }

    private void record(long first) {
        for (long from = first; from < first + NIGHT; from += 1000) {
            long start = from;
            rows.record(IntStream.range(0, 1000).mapToObj(i -> entry(start + i)).toList());
        }
    }

    /**
     * Makes entries with positions, one in a hundred thousand with content and sidecar, and rows of their checkpoints.
     */
    private void fill(ObjectStore store) {
        List<LogEntry> known = new ArrayList<>();
        for (int i = 0; i < PROOFS; i++) {
            LogEntry entry = entry(i);
            Sidecar sidecar = CaptureLogTests.sidecar(entry.noteId(), entry.salt());
            store.putBytes(sidecar.key(), sidecar.bytes(), "application/json");
            known.add(entry);
        }
        rows.record(known);
        Map<TileTree.Tile, byte[]> stored = new HashMap<>();
        TileTree tree = new TileTree(0, stored::get, Map.of());
        LogCheckpoint before = LogCheckpoint.EMPTY;
        while (tree.size() < ENTRIES) {
            long first = tree.size();
            List<byte[]> entries = new ArrayList<>();
            for (long n = first; n < Math.min(ENTRIES, first + CaptureLog.BATCH); n++) {
                entries.add(
                        n % (ENTRIES / PROOFS) == 0
                                ? DigestUtils.sha256(known.get((int) (n / (ENTRIES / PROOFS)))
                                        .content())
                                : DigestUtils.sha256("entry " + n));
            }
            tree = tree.with(entries);
            tree.added().forEach((tile, content) -> {
                if (tile.level() > 0) {
                    stored.put(tile, content);
                }
            });
            LogCheckpoint next = new LogCheckpoint(tree.size(), HexFormat.of().formatHex(tree.root()), null);
            rows.append(before, first, entries, next);
            before = next;
        }
    }
}
