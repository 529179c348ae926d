package io.github.notearchive.browse;

import static io.github.notearchive.SmallArchive.FILM;
import static io.github.notearchive.SmallArchive.LIVE;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.SmallArchive;
import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.archive.catalog.ErasureRepository.TombstoneObject;
import io.github.notearchive.store.ObjectStore;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages of tables that were restored from a dump, beside a bucket in which a note was erased later. */
class RestoredDumpPagesTests {

    private static final String BUCKET = "restored-dump";
    private static final Instant NOW = Instant.parse("2026-03-25T04:00:00Z");

    private final SmallArchive archive = SmallArchive.whole();

    @BeforeEach
    void restoreADump() {
        UUID id = UUID.randomUUID();
        ArchiveDatabase.running()
                .jdbc()
                .sql("INSERT INTO archive (archive_id, revision, revised_at) VALUES (:id, 3, now())")
                .param("id", id)
                .update();
        try (BrowseServer server = BrowseServer.start(BUCKET, Map.of())) {
            assertThat(server.get("/").body()).contains("/notes/" + FILM);
            ObjectStore bucket = server.store();
            new ArchiveObject(id, 4, null, NOW).putInto(bucket);
            new TombstoneObject(FILM, NOW, "asked").putInto(bucket);
        }
    }

    @AfterEach
    void close() {
        archive.close();
    }

    @Test
    void eachPageSaysSoAndNoneHasTheErasedNote() {
        try (BrowseServer server = BrowseServer.start(BUCKET, Map.of())) {
            assertThat(server.get("/").body()).doesNotContain(FILM).contains("/notes/" + LIVE);
            assertThat(server.get("/notes/" + FILM).statusCode()).isNotEqualTo(200);
            assertThat(server.get("/health").body()).contains("data-copy>note-archive rebuild --missing");
            for (String path : new String[] {"/", "/notes/" + LIVE, "/nights", "/gone?lang=zh", "/notes/" + FILM}) {
                assertThat(server.get(path).body()).as(path).contains("the bucket is ahead of the database");
            }
        }
    }
}
