"""The exact header rows of amoCRM's contact and deal exports; names repeat and one ends in a space."""

CONTACTS = (
    "ID|Тип|Полное имя контакта|Имя|Фамилия|Название компании|Ответственный|Дата создания контакта|"
    "Кем создан контакт|Сделки|Дата редактирования|Кем редактирован|Теги|Примечание 1|Примечание 2|Примечание 3|"
    "Примечание 4|Примечание 5|Рабочий телефон|Рабочий прямой телефон|Мобильный телефон|Факс|Домашний телефон|"
    "Другой телефон|Рабочий email|Личный email|Другой email|Web|Адрес|Город|Источник|Должность|Товар|Skype|ICQ|"
    "Jabber|Google Talk|MSN|Другой IM|Пользовательское соглашение|cid|uid|tid"
).split("|")
LEADS = (
    "ID|Название сделки|Бюджет |Ответственный|Дата создания сделки|Кем создана сделка|Дата редактирования|"
    "Кем редактирована|Дата закрытия|Теги|Примечание|Примечание 2|Примечание 3|Примечание 4|Примечание 5|"
    "Этап сделки|Воронка|Полное имя контакта|Компания контакта|Ответственный за контакт|Компания|Рабочий телефон|"
    "Рабочий прямой телефон|Мобильный телефон|Факс|Домашний телефон|Другой телефон|Рабочий email|Личный email|"
    "Другой email|Город|Источник|Должность|Товар|Skype|ICQ|Jabber|Google Talk|MSN|Другой IM|"
    "Пользовательское соглашение|cid|uid|tid|utm_source|utm_medium|utm_campaign|utm_term|utm_content|"
    "utm_referrer|_ym_uid|_ym_counter|roistat|referrer|openstat_service|openstat_campaign|openstat_ad|"
    "openstat_source|from|gclientid|gclid|yclid|fbclid|GOOGLE_ID|roistat|KEYWORD|ADV_CAMP|TRAF_TYPE|TRAF_SRC|"
    "Товар|Производитель|cid|uid|tid|Источник|domain"
).split("|")
