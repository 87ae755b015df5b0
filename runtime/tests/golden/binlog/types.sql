-- Every ordinary column type once, and each kind of change of such rows. The session's clock is set by hand, so
-- that the recorded times do not depend on the day of recording.
set names utf8mb4; set time_zone = '+00:00';
set timestamp = unix_timestamp('2026-03-01 08:00:00');
create database samples character set utf8mb4; use samples;
create table all_types (
  id bigint unsigned not null primary key auto_increment,
  c_ti tinyint, c_tiu tinyint unsigned, c_bool tinyint(1), c_si smallint, c_siu smallint unsigned, c_mi mediumint, c_miu mediumint unsigned,
  c_i int, c_iu int unsigned, c_iz int(8) unsigned zerofill, c_bi bigint, c_biu bigint unsigned,
  c_dec decimal(12,2), c_dec65 decimal(65,30), c_float float, c_double double,
  c_date date, c_time time, c_time6 time(6), c_dt datetime, c_dt3 datetime(3), c_dt6 datetime(6),
  c_ts timestamp null, c_ts6 timestamp(6) null, c_year year,
  c_char char(10), c_vc varchar(60), c_text text, c_mtext mediumtext, c_vc_latin varchar(20) character set latin1,
  c_bin binary(8), c_vbin varbinary(16), c_blob blob, c_lblob longblob, c_bit1 bit(1), c_bit bit(10),
  c_enum enum('a','b,c','it''s'), c_set set('x','y','z'), c_json json, c_geom geometry, c_point point, c_null int
) engine=innodb;
insert into all_types (c_ti,c_tiu,c_bool,c_si,c_siu,c_mi,c_miu,c_i,c_iu,c_iz,c_bi,c_biu,c_dec,c_dec65,c_float,c_double,c_date,c_time,c_time6,c_dt,c_dt3,c_dt6,c_ts,c_ts6,c_year,c_char,c_vc,c_text,c_mtext,c_vc_latin,c_bin,c_vbin,c_blob,c_lblob,c_bit1,c_bit,c_enum,c_set,c_json,c_geom,c_point,c_null)
values (-128,255,1,-32768,65535,-8388608,16777215,-2147483648,4294967295,42,-9223372036854775808,18446744073709551615,-1234567890.12,12345678901234567890123456789012345.123456789012345678901234567890,
 1.5,3.141592653589793,'2024-02-29','-12:34:56','838:59:58.999999','2024-02-29 12:34:56','2024-02-29 12:34:56.789','9999-12-31 23:59:59.999999','2024-02-29 12:34:56','2024-02-29 12:34:56.123456',2024,
 'char','vär "quoted" \\ back','tab\tnl\nüñ😀中文','medium','latiné',x'00010203',x'ff00fe',x'deadbeef00',x'cafe',1,b'1000000001','b,c','x,z','{"k": [1, 2.5, "s", null, true], "u": "é😀"}',st_geomfromtext('POINT(1 2)'),st_geomfromtext('POINT(3.5 -4.25)'),null);
insert into all_types (id) values (100);
insert into all_types (id,c_date,c_year,c_float,c_double,c_dec,c_time,c_vc,c_text,c_blob,c_ti,c_dt) values (101,'1000-01-01',0,1e-38,1.7976931348623157e308,0.00,'00:00:00','','',x'',0,'1970-01-01 00:00:00');
update all_types set c_vc='updated', c_null=7, c_dec=c_dec+0.01, c_text=null where id=1;
update all_types set id=200 where id=100;
begin; insert into all_types (id,c_i) values (300,1),(301,2); update all_types set c_i=c_i+10 where id>=300; delete from all_types where id=301; commit;
delete from all_types where id=101;
create table nopk (a int, b varchar(10)); insert into nopk values (1,'x'),(1,'x'); update nopk set b='y' limit 1; delete from nopk limit 1;
create table ck (a int not null, b varchar(10) not null, v int, primary key(a,b)); insert into ck values (1,'k',1); update ck set v=2; update ck set b='k2'; delete from ck;
alter table all_types add column c_new int default 5 after c_null, drop column c_iz;
insert into all_types (id,c_new) values (400,9);
alter table all_types rename column c_new to c_newer;
create index ix on all_types (c_i);
rename table nopk to nopk2;
truncate table nopk2;
drop table nopk2;
create view vw as select id from all_types; drop view vw;
insert into all_types (id,c_vc) values (401,'last');
