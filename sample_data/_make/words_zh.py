"""Common Chinese surnames, given names, cities and trade words; nothing here belongs to one person or company."""

# each with its pinyin
SURNAMES = [
    pair.split(":")
    for pair in """
王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 赵:zhao 吴:wu 周:zhou 徐:xu 孙:sun 马:ma 朱:zhu 胡:hu 郭:guo
何:he 高:gao 林:lin 罗:luo 郑:zheng 梁:liang 谢:xie 宋:song 唐:tang 许:xu 韩:han 冯:feng 邓:deng 曹:cao 彭:peng
曾:zeng 肖:xiao 田:tian 董:dong 袁:yuan 潘:pan 于:yu 蒋:jiang 蔡:cai 余:yu 杜:du 叶:ye 程:cheng 苏:su 魏:wei
吕:lv 丁:ding 任:ren 沈:shen 姚:yao 卢:lu 姜:jiang 崔:cui 钟:zhong 谭:tan 陆:lu 汪:wang 范:fan 金:jin 欧阳:ouyang
""".split()
]
GIVEN = [
    pair.split(":")
    for pair in """
伟:wei 芳:fang 娜:na 敏:min 静:jing 丽:li 强:qiang 磊:lei 军:jun 洋:yang 勇:yong 艳:yan 杰:jie 涛:tao 明:ming
超:chao 霞:xia 平:ping 刚:gang 玲:ling 辉:hui 鹏:peng 华:hua 飞:fei 鑫:xin 波:bo 斌:bin 宇:yu 浩:hao 凯:kai
健:jian 俊:jun 帆:fan 雪:xue 婷:ting 慧:hui 建:jian 志:zhi 国:guo 文:wen 海:hai 晓:xiao 小:xiao 春:chun 秀:xiu
玉:yu 红:hong 梅:mei 云:yun 龙:long 峰:feng 林:lin 佳:jia 思:si 雨:yu 子:zi 欣:xin 怡:yi 梓:zi 泽:ze 晨:chen
""".split()
]
# province | city | districts | dialling code | region of the credit code | pinyin
CITIES = [
    row.split("|")
    for row in """
广东省|深圳市|南山区,宝安区,福田区,龙岗区|0755|440300|Shenzhen
广东省|广州市|天河区,白云区,黄埔区|020|440100|Guangzhou
广东省|东莞市|长安镇,虎门镇|0769|441900|Dongguan
江苏省|苏州市|吴中区,工业园区,昆山市|0512|320500|Suzhou
江苏省|南京市|江宁区,雨花台区|025|320100|Nanjing
江苏省|无锡市|新吴区,滨湖区|0510|320200|Wuxi
浙江省|杭州市|余杭区,滨江区|0571|330100|Hangzhou
浙江省|宁波市|鄞州区,北仑区|0574|330200|Ningbo
上海市|上海市|浦东新区,闵行区,嘉定区|021|310100|Shanghai
北京市|北京市|海淀区,朝阳区,大兴区|010|110100|Beijing
四川省|成都市|高新区,武侯区|028|510100|Chengdu
湖北省|武汉市|洪山区,江夏区|027|420100|Wuhan
山东省|青岛市|黄岛区,城阳区|0532|370200|Qingdao
福建省|厦门市|湖里区,集美区|0592|350200|Xiamen
天津市|天津市|滨海新区,武清区|022|120100|Tianjin
重庆市|重庆市|渝北区,九龙坡区|023|500100|Chongqing
""".strip().splitlines()
]
BRAND = [
    pair.split(":")
    for pair in """
鑫:xin 瑞:rui 恒:heng 盛:sheng 宏:hong 嘉:jia 诚:cheng 达:da 博:bo 创:chuang 远:yuan 通:tong 泰:tai 辉:hui 德:de
润:run 丰:feng 裕:yu 凯:kai 锐:rui 智:zhi 联:lian 星:xing 海:hai 天:tian 宇:yu 腾:teng 飞:fei 信:xin 佳:jia 康:kang
源:yuan 浩:hao 华:hua 金:jin 亿:yi 顺:shun 卓:zhuo 尚:shang 伟:wei 兴:xing 利:li 晟:sheng 朗:lang 维:wei 优:you
""".split()
]
# trade | short | English
TRADES = [
    row.split("|")
    for row in """
科技|科技|Technology
电子科技|电子|Electronics
机械设备|机械|Machinery
自动化设备|自动化|Automation
精密五金|五金|Hardware
国际贸易|贸易|Trading
实业|实业|Industrial
化工|化工|Chemical
供应链管理|供应链|Supply Chain
包装材料|包装|Packaging
新材料|新材料|Materials
医疗器械|医疗|Medical
信息技术|信息|Information Technology
仪器仪表|仪器|Instruments
模具|模具|Mould
光电|光电|Optoelectronics
""".strip().splitlines()
]
STREETS = "科技路 工业大道 人民路 建设路 创业路 中山路 解放路 滨海大道 高新五路 长江路 和平路 迎宾路".split()
# what a hurried hand or an input method puts instead
HOMOPHONES = dict(zip("鑫瑞恒盛宏嘉诚达博创源浩辉佳智", "新锐衡胜鸿佳成大柏闯元昊晖嘉志", strict=True))
_TRADITIONAL = """
张張 刘劉 陈陳 杨楊 黄黃 赵趙 吴吳 孙孫 马馬 罗羅 郑鄭 谢謝 许許 韩韓 冯馮 邓鄧 肖肖 蒋蔣 叶葉 苏蘇 吕呂 钟鐘 谭譚 陆陸
欧歐 阳陽 伟偉 丽麗 强強 军軍 艳艷 杰傑 涛濤 刚剛 辉輝 鹏鵬 华華 飞飛 凯凱 国國 晓曉 红紅 云雲 龙龍 泽澤 卢盧 静靜 玲玲
恒恆 宏宏 诚誠 达達 创創 远遠 润潤 丰豐 锐銳 联聯 腾騰 亿億 顺順 兴興 维維 优優 电電 机機 械械 设設 备備 动動 国國 际際
贸貿 实實 业業 应應 链鏈 材材 医醫 疗療 术術 仪儀 器器 东東 广廣 苏蘇 锡錫 宁寧 庆慶 汉漢 岛島 门門 厦廈 无無 团團 总總
"""
TRADITIONAL = {pair[0]: pair[1] for pair in _TRADITIONAL.split() if pair[0] != pair[1]}
TITLES = "总经理 采购经理 采购 工程师 销售经理 财务 技术总监 厂长 行政 项目经理 董事长 助理".split()
OWNERS = "陈晓静 刘志强 王佳怡 黄国峰 赵文博（离职）".split()
DEPARTMENTS = "华南销售部 华东销售部 大客户部 渠道部".split()
SOURCES = "展会 百度推广 转介绍 电话营销 官网注册 阿里巴巴".split()
LEVELS = ("重点客户", "普通客户", "普通客户", "潜在客户", "")
