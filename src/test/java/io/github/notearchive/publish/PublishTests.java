package io.github.notearchive.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.SmallArchive;
import io.github.notearchive.publish.PublishReport.PublishedTable;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Published tables have the rows of the archive, whatever happens in between. */
class PublishTests extends PublishScenario {

    @Test
    void publishedTablesHaveTheRowsOfAnExport() throws Exception {
        PublishReport report = publish();

        assertPublished();
        assertThat(report.tables()).extracting(PublishedTable::name).containsExactlyInAnyOrderElementsOf(TABLES);
        assertThat(report.tables())
                .allSatisfy(table -> assertThat(table.written()).isPositive());
    }

    @Test
    void publishWithoutChangesWritesNothing() throws Exception {
        publish();
        Map<String, String> before = objects();

        PublishReport second = publish();

        assertThat(second.tables())
                .extracting(PublishedTable::written, PublishedTable::replaced, PublishedTable::removed)
                .containsOnly(org.assertj.core.api.Assertions.tuple(0, 0, 0L));
        assertThat(objects()).isEqualTo(before);
    }

    @Test
    void changesOfTheArchiveArePublished() throws Exception {
        Random random = new Random(22);
        archive.makeOld("1 day");
        publish();
        for (int round = 0; round < 6; round++) {
            archive.makeOld("2 hours");
            for (int i = 0; i < 3; i++) {
                database.update(SmallArchive.CHANGES.get(random.nextInt(SmallArchive.CHANGES.size())));
            }

            publish();

            assertPublished();
        }
    }

    @Test
    void aCaptureIsAddedToTheFileOfItsMonthOnly() throws Exception {
        archive.makeOld("1 day");
        publish();
        List<String> before = keys();

        archive.capture(SmallArchive.HOSTILE, "2026-05-01T00:00Z", 30L);
        PublishReport report = publish();

        assertPublished();
        assertThat(keys())
                .filteredOn(key -> key.contains("captures/data") && !before.contains(key))
                .singleElement()
                .asString()
                .startsWith("lake/captures/data/65/2026-05/");
        assertThat(report.tables())
                .filteredOn(table -> table.name().equals("captures"))
                .extracting(PublishedTable::replaced)
                .containsExactly(0);
    }
}
