-- A wiki with a page of a few revisions: all text is bytes, timestamps are BINARY(14).
SET NAMES binary;
SET SESSION sql_mode = '';
CREATE DATABASE IF NOT EXISTS `mediawiki` DEFAULT CHARACTER SET binary;
USE `mediawiki`;

CREATE TABLE /*_*/page (
  page_id INT UNSIGNED AUTO_INCREMENT NOT NULL,
  page_namespace INT NOT NULL,
  page_title VARBINARY(255) NOT NULL,
  page_is_redirect TINYINT UNSIGNED DEFAULT 0 NOT NULL,
  page_random DOUBLE PRECISION UNSIGNED NOT NULL,
  page_touched BINARY(14) NOT NULL,
  page_links_updated BINARY(14) DEFAULT NULL,
  page_latest INT UNSIGNED NOT NULL,
  page_len INT UNSIGNED NOT NULL,
  page_content_model VARBINARY(32) DEFAULT NULL,
  UNIQUE INDEX page_name_title (page_namespace, page_title),
  INDEX page_random (page_random),
  INDEX page_redirect_namespace_len (page_is_redirect, page_namespace, page_len),
  PRIMARY KEY(page_id)
) ENGINE=InnoDB, DEFAULT CHARSET=binary;

CREATE TABLE /*_*/revision (
  rev_id BIGINT UNSIGNED AUTO_INCREMENT NOT NULL,
  rev_page INT UNSIGNED NOT NULL,
  rev_comment_id BIGINT UNSIGNED DEFAULT 0 NOT NULL,
  rev_timestamp BINARY(14) NOT NULL,
  rev_minor_edit TINYINT UNSIGNED DEFAULT 0 NOT NULL,
  rev_len INT UNSIGNED DEFAULT NULL,
  rev_sha1 VARBINARY(32) DEFAULT '' NOT NULL,
  INDEX rev_page_timestamp (rev_page, rev_timestamp),
  PRIMARY KEY(rev_id)
) ENGINE=InnoDB, DEFAULT CHARSET=binary;

CREATE TABLE /*_*/text (
  old_id INT UNSIGNED AUTO_INCREMENT NOT NULL,
  old_text MEDIUMBLOB NOT NULL,
  old_flags TINYBLOB NOT NULL,
  PRIMARY KEY(old_id)
) ENGINE=InnoDB, DEFAULT CHARSET=binary;

CREATE TABLE /*_*/searchindex (
  si_page INT UNSIGNED NOT NULL,
  si_title VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT '' NOT NULL,
  si_text MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
  UNIQUE INDEX si_page (si_page),
  FULLTEXT INDEX si_title (si_title),
  FULLTEXT INDEX si_text (si_text)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE /*_*/image (
  img_name VARBINARY(255) DEFAULT '' NOT NULL,
  img_size BIGINT UNSIGNED DEFAULT 0 NOT NULL,
  img_metadata MEDIUMBLOB NOT NULL,
  img_bits INT DEFAULT 0 NOT NULL,
  img_media_type ENUM('UNKNOWN', 'BITMAP', 'DRAWING', 'AUDIO', 'VIDEO', '3D') DEFAULT NULL,
  img_major_mime ENUM('unknown', 'application', 'audio', 'image', 'text') DEFAULT 'unknown' NOT NULL,
  img_timestamp BINARY(14) NOT NULL,
  INDEX img_size (img_size),
  PRIMARY KEY(img_name)
) ENGINE=InnoDB, DEFAULT CHARSET=binary;

CREATE TABLE /*_*/site_stats (
  ss_row_id INT UNSIGNED NOT NULL,
  ss_total_edits BIGINT UNSIGNED DEFAULT NULL,
  ss_images BIGINT UNSIGNED DEFAULT NULL,
  PRIMARY KEY(ss_row_id)
) ENGINE=InnoDB, DEFAULT CHARSET=binary;

INSERT /* MediaWiki\Page\WikiPage::insertOn */ IGNORE INTO `page` (page_namespace,page_title,page_is_redirect,page_random,page_touched,page_latest,page_len)
  VALUES (0,'Main_Page',0,0.123456789012,'20260101000000',0,0), (4,'Über_uns',0,0.999999999999,'20260101000001',0,0);
INSERT /* MediaWiki\Storage\SqlBlobStore::storeBlob */ INTO `text` (old_id,old_text,old_flags)
  VALUES (NULL,'== Häading ==\n\'\'italic\'\' {{template|a=b;c}}','utf-8'), (NULL,X'789CCB48CDC9C95728CF2FCA4901001A0B045D','utf-8,gzip');
INSERT INTO `revision` (rev_id,rev_page,rev_timestamp,rev_len,rev_sha1)
  VALUES (NULL,1,'20260101000000',42,'k4s9jmm3e6uzwt2lz8t1ggk5cwhvzzv'), (NULL,1,'20260101000100',43,''), (NULL,2,'20260101000200',0,'\0 \0');
INSERT INTO `searchindex` VALUES (1, 'main page', 'heading italic'), (2, 'u8c3bcber uns', '');
INSERT INTO `image` VALUES ('Öl.png', 4294967296, X'00FF5C27', 8, 'BITMAP', 'image', '20260101000000'),
  ('x.svg', 0, '', 0, NULL, 'unknown', '\0\0\0\0\0\0\0\0\0\0\0\0\0\0');
INSERT INTO `site_stats` VALUES (1, 0, 0);
UPDATE /* MediaWiki\Page\WikiPage::updateRevisionOn */ `page` SET page_latest = 2,page_touched = '20260101000100',page_len = 43
  WHERE page_id = 1 AND page_latest = 0;
REPLACE INTO `searchindex` (si_page,si_title,si_text) VALUES (1,'main page','heading bold');
INSERT INTO `site_stats` (ss_row_id,ss_total_edits,ss_images) VALUES (1,2,3)
  ON DUPLICATE KEY UPDATE ss_total_edits=ss_total_edits+2,ss_images=ss_images+3;

-- An update of the application.
ALTER TABLE /*_*/page ADD COLUMN page_lang VARBINARY(35) DEFAULT NULL;
ALTER TABLE /*_*/revision CHANGE rev_comment_id rev_comment_id BIGINT UNSIGNED NOT NULL, ADD INDEX rev_timestamp (rev_timestamp, rev_id);
ALTER TABLE /*_*/image MODIFY img_media_type ENUM('UNKNOWN', 'BITMAP', 'DRAWING', 'AUDIO', 'VIDEO', 'MULTIMEDIA', '3D') DEFAULT NULL;
DROP INDEX rev_page_timestamp ON /*_*/revision;
CREATE INDEX /*i*/rev_page_actor ON /*_*/revision (rev_page, rev_sha1(10));
UPDATE `image` SET img_media_type = '3D' WHERE img_name = 'x.svg';
