-- Tables of Apache Iceberg in the bucket: its catalog, and what changed since they were published.

CREATE TABLE iceberg_tables (
    catalog_name               varchar(255)  NOT NULL,
    table_namespace            varchar(255)  NOT NULL,
    table_name                 varchar(255)  NOT NULL,
    metadata_location          varchar(1000),
    previous_metadata_location varchar(1000),
    iceberg_type               varchar(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name)
);

COMMENT ON TABLE iceberg_tables IS
    'The JDBC catalog of Apache Iceberg, in the form that Iceberg prescribes: one row for each published table. publish and forget write it; Spark and Trino read it.';
COMMENT ON COLUMN iceberg_tables.catalog_name IS 'Always lake: by this name engines have to configure the catalog.';
COMMENT ON COLUMN iceberg_tables.table_namespace IS 'Always archive.';
COMMENT ON COLUMN iceberg_tables.table_name IS 'captures, notes or media.';
COMMENT ON COLUMN iceberg_tables.metadata_location IS
    'URL of the object that describes the current state of the table. A commit replaces it, if it is still the expected one.';
COMMENT ON COLUMN iceberg_tables.previous_metadata_location IS 'The one before; its object need not exist.';
COMMENT ON COLUMN iceberg_tables.iceberg_type IS 'TABLE; NULL means the same.';

CREATE TABLE iceberg_namespace_properties (
    catalog_name   varchar(255)  NOT NULL,
    namespace      varchar(255)  NOT NULL,
    property_key   varchar(255)  NOT NULL,
    property_value varchar(1000),
    PRIMARY KEY (catalog_name, namespace, property_key)
);

COMMENT ON TABLE iceberg_namespace_properties IS
    'Namespaces of the JDBC catalog of Apache Iceberg, in the form that Iceberg prescribes.';
COMMENT ON COLUMN iceberg_namespace_properties.catalog_name IS 'As in iceberg_tables.';
COMMENT ON COLUMN iceberg_namespace_properties.namespace IS 'As iceberg_tables.table_namespace.';
COMMENT ON COLUMN iceberg_namespace_properties.property_key IS 'Name of a property; exists, for a namespace without others.';
COMMENT ON COLUMN iceberg_namespace_properties.property_value IS 'Value of the property.';

-- note.changed_at names the changed notes, but not which of their captures changed: all captures of a note would be read
-- again each time that one is added.
ALTER TABLE note_capture ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();

COMMENT ON COLUMN note_capture.changed_at IS
    'When the row was added, or an exported value last changed, by the database''s clock. publish reads it. Set by a trigger.';

CREATE INDEX note_capture_changes ON note_capture (changed_at);

CREATE TRIGGER note_capture_marked
    BEFORE UPDATE OF liked_count, collected_count, comments_count, shared_count, view_count, sidecar_key, title, note_text,
                     author_id, author_nickname
    ON note_capture FOR EACH ROW
    WHEN ((OLD.liked_count, OLD.collected_count, OLD.comments_count, OLD.shared_count, OLD.view_count, OLD.sidecar_key,
           OLD.title, OLD.note_text, OLD.author_id, OLD.author_nickname) IS DISTINCT FROM
          (NEW.liked_count, NEW.collected_count, NEW.comments_count, NEW.shared_count, NEW.view_count, NEW.sidecar_key,
           NEW.title, NEW.note_text, NEW.author_id, NEW.author_nickname))
    EXECUTE FUNCTION mark_changed();
