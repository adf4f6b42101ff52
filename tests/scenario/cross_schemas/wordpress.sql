-- A site of one author, as the installer and its first visitors leave it.
SET NAMES utf8mb4;
SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION';
-- only mysql-9.7
CREATE DATABASE `wordpress` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;
-- only mariadb-11.8
CREATE DATABASE `wordpress` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci;
-- except mysql-9.7 mariadb-11.8
CREATE DATABASE `wordpress` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
-- all
USE `wordpress`;

CREATE TABLE wp_users (
	ID bigint(20) unsigned NOT NULL auto_increment,
	user_login varchar(60) NOT NULL default '',
	user_pass varchar(255) NOT NULL default '',
	user_nicename varchar(50) NOT NULL default '',
	user_email varchar(100) NOT NULL default '',
	user_url varchar(100) NOT NULL default '',
	user_registered datetime NOT NULL default '0000-00-00 00:00:00',
	user_activation_key varchar(255) NOT NULL default '',
	user_status int(11) NOT NULL default '0',
	display_name varchar(250) NOT NULL default '',
	PRIMARY KEY  (ID),
	KEY user_login_key (user_login),
	KEY user_nicename (user_nicename),
	KEY user_email (user_email)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE wp_usermeta (
	umeta_id bigint(20) unsigned NOT NULL auto_increment,
	user_id bigint(20) unsigned NOT NULL default '0',
	meta_key varchar(255) default NULL,
	meta_value longtext,
	PRIMARY KEY  (umeta_id),
	KEY user_id (user_id),
	KEY meta_key (meta_key(191))
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;

CREATE TABLE wp_options (
	option_id bigint(20) unsigned NOT NULL auto_increment,
	option_name varchar(191) NOT NULL default '',
	option_value longtext NOT NULL,
	autoload varchar(20) NOT NULL default 'yes',
	PRIMARY KEY  (option_id),
	UNIQUE KEY option_name (option_name),
	KEY autoload (autoload)
);

CREATE TABLE wp_posts (
	ID bigint(20) unsigned NOT NULL auto_increment,
	post_author bigint(20) unsigned NOT NULL default '0',
	post_date datetime NOT NULL default '0000-00-00 00:00:00',
	post_date_gmt datetime NOT NULL default '0000-00-00 00:00:00',
	post_content longtext NOT NULL,
	post_title text NOT NULL,
	post_status varchar(20) NOT NULL default 'publish',
	post_name varchar(200) NOT NULL default '',
	post_modified datetime NOT NULL default '0000-00-00 00:00:00',
	post_parent bigint(20) unsigned NOT NULL default '0',
	guid varchar(255) NOT NULL default '',
	menu_order int(11) NOT NULL default '0',
	post_type varchar(20) NOT NULL default 'post',
	comment_count bigint(20) NOT NULL default '0',
	PRIMARY KEY  (ID),
	KEY post_name (post_name(191)),
	KEY type_status_date (post_type,post_status,post_date,ID),
	KEY post_parent (post_parent),
	KEY post_author (post_author)
);

CREATE TABLE wp_comments (
	comment_ID bigint(20) unsigned NOT NULL auto_increment,
	comment_post_ID bigint(20) unsigned NOT NULL default '0',
	comment_author tinytext NOT NULL,
	comment_author_IP varchar(100) NOT NULL default '',
	comment_date datetime NOT NULL default '0000-00-00 00:00:00',
	comment_content text NOT NULL,
	comment_karma int(11) NOT NULL default '0',
	comment_approved varchar(20) NOT NULL default '1',
	PRIMARY KEY  (comment_ID),
	KEY comment_post_ID (comment_post_ID),
	KEY comment_approved_date (comment_approved,comment_date)
);

CREATE TABLE wp_term_relationships (
	object_id bigint(20) unsigned NOT NULL default 0,
	term_taxonomy_id bigint(20) unsigned NOT NULL default 0,
	term_order int(11) NOT NULL default 0,
	PRIMARY KEY  (object_id,term_taxonomy_id),
	KEY term_taxonomy_id (term_taxonomy_id)
);

INSERT INTO wp_options (option_name, option_value, autoload) VALUES
	('siteurl', 'https://blog.example', 'on'),
	('blogname', 'Grüße – 你好 🐬', 'on'),
	('active_plugins', 'a:1:{i:0;s:9:"hello.php";}', 'on');
INSERT INTO `wp_options` (`option_name`, `option_value`, `autoload`) VALUES ('_transient_doing_cron', '1.0', 'on')
	ON DUPLICATE KEY UPDATE `option_name` = VALUES(`option_name`), `option_value` = VALUES(`option_value`);
INSERT INTO `wp_options` (`option_name`, `option_value`, `autoload`) VALUES ('_transient_doing_cron', '2.5', 'on')
	ON DUPLICATE KEY UPDATE `option_name` = VALUES(`option_name`), `option_value` = VALUES(`option_value`);
INSERT INTO wp_users (user_login, user_pass, user_nicename, user_email, display_name) VALUES
	('admin', '$P$BnotAHash', 'admin', 'admin@blog.example', 'The Admin');
INSERT INTO wp_users (user_login, user_registered) VALUES ('ed', '2024-02-29 23:59:59');
INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES
	(1, 'wp_capabilities', 'a:1:{s:13:"administrator";b:1;}'), (1, 'description', NULL);
INSERT INTO wp_posts (post_author, post_date, post_content, post_title, post_name) VALUES
	(1, '2024-01-01 10:00:00', '<p>It''s a "first" \\ post; -- not a comment /* nor this */ # nor this</p>\r\n🐙', 'Hello', 'hello'),
	(1, '0000-00-00 00:00:00', '', 'Draft', '');
INSERT INTO wp_comments (comment_post_ID, comment_author, comment_author_IP, comment_content) VALUES
	(1, 'Ωmega', '2001:db8::1', 'naïve'), (1, 'spam', '', REPEAT('x', 30000));
INSERT INTO wp_term_relationships VALUES (1, 1, 0), (1, 2, 0), (2, 1, 0);
UPDATE wp_posts SET comment_count = (SELECT COUNT(*) FROM wp_comments WHERE comment_post_ID = wp_posts.ID);
DELETE a, b FROM wp_options a, wp_options b WHERE a.option_name = 'none' AND b.option_name = 'none';

-- An update of the application: what dbDelta() does.
ALTER TABLE wp_users ADD COLUMN `spam` tinyint(2) NOT NULL default '0';
ALTER TABLE wp_users CHANGE COLUMN `user_url` user_url varchar(200) NOT NULL default '' AFTER display_name;
ALTER TABLE wp_posts ADD KEY `post_modified` (`post_modified`);
ALTER TABLE wp_comments CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
ALTER TABLE wp_options ALTER COLUMN autoload SET DEFAULT 'on';
ALTER TABLE wp_options DROP INDEX autoload, ADD INDEX autoload (autoload, option_id);
CREATE TABLE wp_posts_backup LIKE wp_posts;
INSERT INTO wp_posts_backup SELECT * FROM wp_posts;
RENAME TABLE wp_posts_backup TO wp_posts_old;
UPDATE wp_posts SET post_modified = '2025-06-01 00:00:00', post_name = CONCAT(post_name, '-', ID);
-- only mysql-9.7
CREATE TABLE wp_wc_orders (
	id bigint unsigned NOT NULL AUTO_INCREMENT,
	meta json DEFAULT NULL,
	currency varchar(10) COLLATE utf8mb4_0900_as_cs DEFAULT (_utf8mb4'EUR'),
	total decimal(26,8) DEFAULT NULL,
	PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
INSERT INTO wp_wc_orders (meta, total) VALUES ('{"items": [1, 2.50, 1e3], "gift": true, "note": "a\\"b ✓"}', 12.5), (NULL, NULL);
UPDATE wp_wc_orders SET meta = JSON_SET(meta, '$.items[0]', 7, '$.new', JSON_OBJECT('k', 'v')) WHERE id = 1;
-- only mariadb-10.11 mariadb-11.8
CREATE TABLE wp_wc_orders (
	id bigint unsigned NOT NULL AUTO_INCREMENT,
	meta longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,
	currency varchar(10) COLLATE utf8mb4_bin DEFAULT 'EUR',
	total decimal(26,8) DEFAULT NULL,
	PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO wp_wc_orders (meta, total) VALUES ('{"items": [1, 2.50, 1e3], "gift": true, "note": "a\\"b ✓"}', 12.5), (NULL, NULL);
UPDATE wp_wc_orders SET meta = JSON_SET(meta, '$.items[0]', 7) WHERE id = 1;
-- all
