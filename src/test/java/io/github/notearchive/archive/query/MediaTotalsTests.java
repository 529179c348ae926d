package io.github.notearchive.archive.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Checks that files are counted exactly, regardless of when they were stored. */
class MediaTotalsTests {

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final JdbcClient jdbc = database.jdbc();
    private final MediaTotals totals = new MediaTotals(jdbc, database.transactions());

    private void store(int number, Duration ago) {
        database.update(
                """
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                        VALUES (lpad(?, 64, '0'), ?, 100, 'image/png', ?::timestamptz)
                        """,
                String.valueOf(number),
                String.valueOf(number),
                Instant.now().minus(ago).toString());
    }

    @Test
    void oldAndNewFilesAreCountedExactly() {
        assertThat(totals.now()).isEqualTo(new MediaTotals.Volume(0, 0));
        store(1, Duration.ofDays(90));
        store(2, Duration.ofHours(8));
        store(3, Duration.ofMinutes(1));
        assertThat(totals.now()).isEqualTo(new MediaTotals.Volume(3, 300));

        store(4, Duration.ofDays(400)); // as after a rebuild
        database.update("DELETE FROM media_object WHERE object_key = '1'");
        database.update("UPDATE media_object SET size_bytes = 50 WHERE object_key = '2'");
        database.update("UPDATE media_object SET verified_at = now()");
        assertThat(totals.now()).isEqualTo(new MediaTotals.Volume(3, 250));

        // new files become old
        database.update("UPDATE media_object_count SET counted_until = now() - interval '9 hours'");
        database.update("UPDATE media_object SET stored_at = now() - interval '7 hours' WHERE object_key = '3'");
        database.update("DELETE FROM media_object_count");
        assertThat(totals.now()).isEqualTo(new MediaTotals.Volume(3, 250));

        database.update("TRUNCATE media_object CASCADE");
        assertThat(totals.now()).isEqualTo(new MediaTotals.Volume(0, 0));
    }
}
