package io.github.notearchive.publish;

import io.github.notearchive.archive.query.NoteSnapshots.SnapshotPart;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.Table;
import io.github.notearchive.export.Table.Column;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;
import org.apache.commons.lang3.StringUtils;
import org.apache.iceberg.PartitionData;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/**
 * Columns and partitions of a published table.
 *
 * <p>Notes and media are partitioned by the first three digits of the note id, which are twelve days of creation.
 * Captures are partitioned by two digits and the month of the capture: a night rewrites the files of its month and not
 * the history, and the partitions that may have rows of an erased note are known by its id alone.
 *
 * @param digits number of digits of the note id in the partition
 * @param byMonth whether the month of the capture is in the partition
 */
record Layout(Table table, int digits, boolean byMonth) {

    private static final Set<String> PUBLISHED = Set.of("captures", "notes", "media");

    /** Returns the published tables, with the columns of an export that keeps authors and has no copies of media. */
    static List<Layout> all() {
        return Table.all(AuthorMode.KEEP, MediaMode.LINK).stream()
                .filter(table -> PUBLISHED.contains(table.name()))
                .map(table ->
                        table.name().equals("captures") ? new Layout(table, 2, true) : new Layout(table, 3, false))
                .toList();
    }

    String name() {
        return table.name();
    }

    TableIdentifier id() {
        return TableIdentifier.of(LakeTable.NAMESPACE, name());
    }

    /** Returns the columns with provisional field ids. */
    Schema schema() {
        return new Schema(fields(table.columns(), new AtomicInteger()));
    }

    /** Returns a digest of names, types and expressions of the columns: a change of it changes the rows. */
    String digest() {
        return new DigestUtils(MessageDigestAlgorithms.SHA_256).digestAsHex(table.query("TRUE") + schema());
    }

    /** Returns the columns of a published table that this one does not have, without the fields within them. */
    List<String> removedColumns(Schema published) {
        Schema current = schema();
        return TypeUtil.indexNameById(published.asStruct()).values().stream()
                .filter(name -> current.findField(name) == null)
                .filter(name ->
                        !name.contains(".") || current.findField(StringUtils.substringBeforeLast(name, ".")) != null)
                .toList();
    }

    private static List<NestedField> fields(List<Column> columns, AtomicInteger ids) {
        return columns.stream()
                .map(column -> NestedField.builder()
                        .withId(ids.incrementAndGet())
                        .withName(column.name())
                        .isOptional(!column.isKey())
                        .ofType(type(column, ids))
                        .build())
                .toList();
    }

    private static Type type(Column column, AtomicInteger ids) {
        return switch (column.type()) {
            case TEXT -> Types.StringType.get();
            case INTEGER -> Types.IntegerType.get();
            case BIGINT -> Types.LongType.get();
            case BOOLEAN -> Types.BooleanType.get();
            case TIMESTAMP -> Types.TimestampType.withZone();
            case TEXT_LIST -> Types.ListType.ofRequired(ids.incrementAndGet(), Types.StringType.get());
            case RECORD_LIST ->
                Types.ListType.ofRequired(ids.incrementAndGet(), Types.StructType.of(fields(column.fields(), ids)));
        };
    }

    PartitionSpec spec(Schema schema) {
        PartitionSpec.Builder spec = PartitionSpec.builderFor(schema).truncate(Table.KEY, digits);
        return byMonth ? spec.month("captured_at").build() : spec.build();
    }

    StructLike partition(SnapshotPart part, PartitionSpec spec) {
        PartitionData values = new PartitionData(spec.partitionType());
        values.set(0, part.prefix());
        if (part.month() != null) {
            values.set(1, (int) ChronoUnit.MONTHS.between(LocalDate.EPOCH, part.month()));
        }
        return values;
    }

    SnapshotPart part(StructLike values) {
        return new SnapshotPart(
                values.get(0, String.class), byMonth ? LocalDate.EPOCH.plusMonths(values.get(1, Integer.class)) : null);
    }

    String path(SnapshotPart part, String sha256) {
        String month = part.month() == null ? "" : "/" + part.month().toString().substring(0, 7);
        return "data/%s%s/%s.parquet".formatted(part.prefix(), month, sha256);
    }
}
