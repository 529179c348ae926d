-- What counts as a name of a file.

COMMENT ON COLUMN note_media.identity IS
    'The source''s own name of the file: fileid, live_photo_file_id, video_id, sound_id; else, or where that is a placeholder such as 0, the last part of its first address. SUBTITLE: the language, or #0 by its number where that is no plain word. At most 200 characters: of a longer name the beginning, a tilde and the SHA-256 of the whole.';
